import fc from 'fast-check';
import { takeJsonFiles } from './json-files.js';

const mebibyte = 1_048_576;
const take = (files: unknown, most = mebibyte) => takeJsonFiles({ a: 1, _files: files }, most);
const codes = (files: unknown, most?: number) => take(files, most).received.findings.map(({ code }) => code);

describe('the files of a JSON body', () => {
  it('are parted from it, with their bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        const content = Buffer.from(bytes);
        const { body, received } = take({ 'a.pdf': content.toString('base64') });
        expect([body, received.findings]).toEqual([{ a: 1 }, []]);
        const [file] = received.files;
        expect([file?.name, file?.size]).toEqual(['a.pdf', content.length]);
        for await (const chunk of file?.open() ?? []) expect(chunk.equals(content)).toBe(true);
      }),
    );
  });

  it('leave a body without any as it is', () => {
    for (const body of [{ cerfa: {} }, null, [], 'x', undefined])
      expect(takeJsonFiles(body, mebibyte)).toEqual({ body, received: { files: [], findings: [] } });
  });

  it.each(['JVBERi0', 'JVBERi=', 'JVBE\nRi0x', 'JVBERi0x=', '-_-_', 'QQ==QQ==', 'QR==', 'QUF=', ' QUFB'])(
    '%j is no base64 of RFC 4648',
    (text) => {
      expect(codes({ a: text })).toEqual([expect.stringMatching(/^(base64|pattern|too_short)$/)]);
    },
  );

  it('that are none, too large, or badly named are named by their pointer', () => {
    expect(codes({})).toEqual(['too_few']);
    expect(codes([])).toEqual(['type']);
    expect(codes(null)).toEqual(['type']);
    expect(codes({ a: 1 })).toEqual(['type']);
    expect(codes({ a: Buffer.alloc(mebibyte).toString('base64') })).toEqual([]);
    expect(codes({ a: Buffer.alloc(mebibyte + 1).toString('base64') })).toEqual(['base64']);
    expect(codes({ a: Buffer.alloc(mebibyte + 4).toString('base64') })).toEqual(['too_long']);
    expect(take({ 'a/b~c': 'QQ==' }).received.findings).toMatchObject([
      { pointer: '/_files/a~1b~0c', code: 'file_name' },
    ]);
    expect(codes({ 'a"b': 'QQ==' })).toEqual(['file_name']);
    expect(codes({ ['x'.repeat(121)]: 'QQ==' })).toEqual(['file_name']);
  });
});
