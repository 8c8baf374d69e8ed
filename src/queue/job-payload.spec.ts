import { readPayload, writePayload } from './job-payload.js';

const read = async (source: AsyncIterable<Buffer>) => {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

describe("a deposit's payload", () => {
  it('comes back as it was written, with the places of its files', () => {
    const file = { id: 'f', name: 'a.pdf', size: 3, pieces: 1, sha256: 'ab', mediaType: 'application/pdf' };
    const payload = { body: { typeFichier: 'facture' }, files: [file] };
    expect(readPayload(writePayload({ ...payload, held: [] }))).toEqual({ ...payload, within: [] });
  });

  it('without files is the bare body, which the release before can read', () => {
    expect(writePayload({ body: { cerfa: {} }, files: [], held: [] })).toBe('{"cerfa":{}}');
  });

  it('with files that it holds alone is the first form too; beside stored ones they come back all the same', () => {
    const held = [{ name: 'b.pdf', size: 6, sha256: 'cd', content: Buffer.from('%PDF-2') }];
    const base64 = held[0]?.content.toString('base64');
    expect(JSON.parse(writePayload({ body: { a: 1 }, files: [], held }))).toEqual({
      a: 1,
      _files: { 'b.pdf': base64 },
    });
    const file = { id: 'f', name: 'a.pdf', size: 3, pieces: 1, sha256: 'ab' };
    const both = readPayload(writePayload({ body: { a: 1 }, files: [file], held }));
    expect(both).toMatchObject({ body: { a: 1 }, files: [file], within: [{ name: 'b.pdf', size: 6 }] });
  });

  it('of the first release is read with the files that it holds itself', async () => {
    const old = JSON.stringify({
      typeFichier: 'facture',
      _files: { 'a.pdf': Buffer.from('%PDF-1').toString('base64') },
    });
    const { body, files, within } = readPayload(old);
    expect([body, files]).toEqual([{ typeFichier: 'facture' }, []]);
    expect(within).toMatchObject([{ name: 'a.pdf', size: 6, mediaType: 'application/pdf' }]);
    expect(await read(within[0]?.open() ?? (async function* () {})())).toBe('%PDF-1');
    expect(readPayload('{"cerfa":{}}')).toEqual({ body: { cerfa: {} }, files: [], within: [] });
  });
});
