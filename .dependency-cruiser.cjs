/**
 * Who may import whom: the table of docs/decisions and CONTRIBUTING.md as rules. Type imports count.
 * test/house/import-rules.spec.ts plants one fault per rule and sees it reported.
 */

const ours = '^src/';
const spec = '\\.spec\\.ts$';

/** One row of the table: files under `from` may import, of our own code, only what `may` lists. */
function row(name, from, may, pathNot = []) {
  return {
    name,
    severity: 'error',
    comment: `may import only: ${may.join(', ')}`,
    from: { path: from, pathNot },
    to: { path: ours, pathNot: may },
  };
}

/** A package that enters the house through the named doors only. */
function door(name, packages, doors) {
  return {
    name,
    severity: 'error',
    from: { path: ['^src/', '^migrations/', '^ormconfig\\.ts$'], pathNot: doors },
    to: { path: `node_modules/(${packages})/` },
  };
}

const core = '^src/core/';
const platform = '^src/platform/';
const ledger = '^src/(tenancy|audit|events)/';
const room = '^src/pipeline/[0-9]{2}-[a-z-]+/';
const pipelineModule = '^src/pipeline/pipeline\\.module\\.ts$';

// What a synchronisation reads goes into the one history of dossiers, by the rules of the poller.
const history = '^src/poller/(snapshot\\.repository|keep-and-tell|note-bulk-reads|paris)\\.ts$';

const table = [
  row('core-imports-nothing-of-ours', core, [core]),
  row('opco-imports-core-only', '^src/opco/', [core, '^src/opco/']),
  row('sandbox-imports-core-and-opco-only', '^src/sandbox/', [core, '^src/opco/', '^src/sandbox/']),
  row('platform-imports-core-only', platform, [core, platform]),
  row('ledger-imports-core-and-platform', ledger, [core, platform, ledger]),
  row('cache-imports-core-and-platform', '^src/cache/', [core, platform, '^src/cache/']),
  row('hub-imports-core-and-platform', '^src/hub/', [core, platform, '^src/hub/']),
  row('a-stage-imports-core-and-opco', `${room}.*\\.stage(\\.spec)?\\.ts$`, [core, '^src/opco/', room]),
  row(
    'a-room-imports-core-opco-and-the-shell',
    room,
    [core, '^src/opco/', room, '^src/pipeline/(stage\\.interceptor|http-exchanges)\\.ts$'],
    ['\\.stage(\\.spec)?\\.ts$'],
  ),
  row(
    'pipeline-module-stays-below-the-doors',
    '^src/pipeline/',
    [core, '^src/opco/', platform, ledger, '^src/(cache|hub)/', '^src/pipeline/'],
    [room],
  ),
  row('webhooks-imports-core-platform-ledger', '^src/webhooks/', [core, platform, ledger, '^src/webhooks/']),
  ...['queue', 'poller', 'sync'].map((name) =>
    row(
      `${name}-drives-the-runner-only`,
      `^src/${name}/`,
      [
        ...[core, platform, ledger, '^src/(cache|hub)/', '^src/pipeline/pipeline\\.runner\\.ts$', `^src/${name}/`],
        ...(name === 'sync' ? [history] : []),
      ],
      [`^src/${name}/${name}\\.module\\.ts$`],
    ),
  ),
  // Nest wants the module that provides the runner in `imports`: the module file, and it alone, may name it.
  ...['queue', 'poller', 'sync'].map((name) =>
    row(`${name}-module-wires-the-runner-only`, `^src/${name}/${name}\\.module\\.ts$`, [
      core,
      platform,
      ledger,
      '^src/(cache|hub)/',
      '^src/pipeline/pipeline\\.runner\\.ts$',
      pipelineModule,
      // The list of adapters is data that the module hands to its own code.
      '^src/opco/adapters\\.ts$',
      `^src/${name}/`,
      ...(name === 'sync' ? [history, '^src/poller/poller\\.module\\.ts$'] : []),
    ]),
  ),
  ...['api', 'admin'].map((name) =>
    row(`${name}-reads-data-and-modules`, `^src/${name}/`, [
      core,
      '^src/opco/(adapters|[a-z0-9-]+/adapter)\\.ts$',
      platform,
      ledger,
      '^src/(cache|hub)/',
      // HTTP's side of the pipeline: entering it, running it once more, telling in headers how an exchange went.
      '^src/pipeline/([^/]+\\.(decorator|module|runner)|http-exchanges|answer-headers|operator-enables|06-call/opco-health|08-validate-response/drift-watch)\\.ts$',
      '^src/(webhooks|queue|poller|sync)/',
      `^src/${name}/`,
    ]),
  ),
];

const shape = [
  { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  {
    name: 'pure-code-knows-no-framework',
    severity: 'error',
    from: { path: [core, '^src/opco/', '\\.stage\\.ts$'] },
    to: { path: 'node_modules/(@nestjs|rxjs|typeorm|bullmq|ioredis|pg)/' },
  },
  {
    name: 'rooms-do-not-know-each-other',
    severity: 'error',
    from: { path: '^src/pipeline/([0-9]{2}-[a-z-]+)/' },
    to: { path: room, pathNot: '^src/pipeline/$1/' },
  },
  {
    name: 'nobody-imports-the-api',
    severity: 'error',
    from: { pathNot: ['^src/api/', '^src/(main|app)'] },
    to: { path: '^src/api/' },
  },
  {
    name: 'nobody-imports-the-sandbox-but-dev',
    severity: 'error',
    from: { pathNot: ['^src/sandbox/', '^src/dev/', '^src/main\\.sandbox\\.ts$'] },
    to: { path: '^src/sandbox/' },
  },
  {
    name: 'nobody-imports-dev-but-main',
    severity: 'error',
    from: { pathNot: ['^src/dev/', '^src/main[^/]*\\.ts$'] },
    to: { path: '^src/dev/' },
  },
  {
    name: 'nobody-imports-an-entry',
    severity: 'error',
    from: { path: ours },
    to: { path: '^src/main[^/]*\\.ts$' },
  },
  {
    name: 'no-barrels',
    severity: 'error',
    from: { path: ours },
    to: { path: ['^src/index\\.ts$', '^src/.*/index\\.ts$'] },
  },
  {
    name: 'no-unresolvable-imports',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'no-development-packages-in-the-product',
    severity: 'error',
    from: { path: ['^src/', '^migrations/', '^ormconfig\\.ts$'], pathNot: spec },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: 'node_modules/@types/' },
  },
];

const doors = [
  door('rxjs-has-one-door', 'rxjs', ['^src/pipeline/stage\\.interceptor(\\.spec)?\\.ts$']),
  door('ioredis-has-four-doors', 'ioredis', ['^src/platform/redis/', '^src/(cache|hub|dev)/']),
  door('typeorm-stays-with-the-tables', 'typeorm', [
    '\\.(entity|repository)\\.ts$',
    '^src/platform/database/',
    '^migrations/',
    '^ormconfig\\.ts$',
  ]),
  door('bullmq-stays-with-the-workers', 'bullmq', ['^src/(queue|webhooks|sync|platform)/']),
];

module.exports = {
  forbidden: [...table, ...shape, ...doors],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'require', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
