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
    expect(readPayload(writePayload(payload))).toEqual({ ...payload, within: [] });
  });

  it('without files is the bare body, which the release before can read', () => {
    expect(writePayload({ body: { cerfa: {} }, files: [] })).toBe('{"cerfa":{}}');
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
