/** ESLint rule: an exported declaration opens with a doc comment that says what its type cannot. */
export const exportedNamesAreDocumented = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { missing: 'An exported name carries a doc comment of at least one sentence.' },
  },
  create(context) {
    const source = context.sourceCode;
    const constants = new Set();
    const check = (node) => {
      if (!node.declaration) return;
      // `export type X = Static<typeof X>` after `export const X`: one name, told once.
      for (const { id } of node.declaration.declarations ?? []) constants.add(id.name);
      if (node.declaration.type === 'TSTypeAliasDeclaration' && constants.has(node.declaration.id.name)) return;
      const decorators = node.declaration.decorators ?? [];
      const first = [node, ...decorators].reduce((a, b) => (b.range[0] < a.range[0] ? b : a));
      const documented = (start) =>
        source.getCommentsBefore(start).some((comment) => comment.type === 'Block' && comment.value.startsWith('*'));
      if (!documented(first) && !documented(node)) context.report({ node, messageId: 'missing' });
    };
    return { ExportNamedDeclaration: check, ExportDefaultDeclaration: check };
  },
};
