import { Readable } from 'node:stream';
import fc from 'fast-check';
import { readForm, type TakePart } from './read-form.js';

const limits = { parts: 3, bytes: 100_000 };
const boundary = 'b0undary';
const type = `multipart/form-data; boundary=${boundary}`;

interface Part {
  readonly name: string;
  readonly content: Buffer;
  readonly headers?: string;
}

const part = ({ name, content, headers = '' }: Part) =>
  Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n${headers}\r\n`),
    content,
    Buffer.from('\r\n'),
  ]);
const formOf = (parts: readonly Part[], end = `--${boundary}--\r\n`) =>
  Buffer.concat([...parts.map(part), Buffer.from(end)]);

const request = (bytes: Buffer, { step = 10, contentType = type } = {}) => {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += step) chunks.push(bytes.subarray(at, at + step));
  return Object.assign(Readable.from(chunks, { objectMode: false }), { headers: { 'content-type': contentType } });
};
const gather = () => {
  const taken: [string, string][] = [];
  const take: TakePart = async (name, content) => {
    const chunks: Buffer[] = [];
    for await (const chunk of content) chunks.push(chunk);
    taken.push([name, Buffer.concat(chunks).toString('base64')]);
  };
  return { taken, take };
};

describe('a form', () => {
  it('gives back any bytes of any parts, however the stream is cut', async () => {
    const contents = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(contents, fc.integer({ min: 1, max: 400 }), async (bytes, step) => {
        const parts = bytes.map((each, index) => ({ name: `p${index}`, content: Buffer.from(each) }));
        const { taken, take } = gather();
        await readForm(request(formOf(parts), { step }), limits, take);
        expect(taken.sort()).toEqual(parts.map(({ name, content }) => [name, content.toString('base64')]));
      }),
      { numRuns: 60 },
    );
  });

  it('takes a field without a file name as bytes too: what is no UTF-8 is not repaired in silence', async () => {
    const { taken, take } = gather();
    await readForm(request(formOf([{ name: 'body', content: Buffer.from([0x7b, 0xff, 0x7d]) }])), limits, take);
    expect(taken).toEqual([['body', Buffer.from([0x7b, 0xff, 0x7d]).toString('base64')]]);
  });

  it.each([
    ['without its end', formOf([{ name: 'a', content: Buffer.from('x') }], ''), type],
    ['without a boundary', formOf([{ name: 'a', content: Buffer.from('x') }]), 'multipart/form-data'],
    [
      'in base64',
      formOf([{ name: 'a', content: Buffer.from('eA=='), headers: 'Content-Transfer-Encoding: base64\r\n' }]),
      type,
    ],
  ])('%s is malformed', async (_, bytes, contentType) => {
    await expect(readForm(request(bytes, { contentType }), limits, gather().take)).rejects.toMatchObject({
      code: 'MALFORMED_REQUEST',
    });
  });

  it('that is cut off is malformed, and whoever takes it in is told', async () => {
    const source = Object.assign(new Readable({ read: () => undefined }), { headers: { 'content-type': type } });
    let told: unknown;
    const reading = readForm(source, limits, async (_, content) => {
      try {
        for await (const chunk of content) expect(chunk.length).toBeGreaterThan(0);
      } catch (error) {
        told = error;
        throw error;
      }
    });
    source.push(formOf([{ name: 'a', content: Buffer.alloc(2000) }]).subarray(0, 500));
    setImmediate(() => source.destroy());
    await expect(reading).rejects.toMatchObject({ code: 'MALFORMED_REQUEST' });
    expect(told).toMatchObject({ code: 'MALFORMED_REQUEST' });
  });

  it('with too many parts or too many bytes is refused while it arrives', async () => {
    const many = formOf(['a', 'b', 'c', 'd'].map((name) => ({ name, content: Buffer.from('x') })));
    await expect(readForm(request(many), limits, gather().take)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    const source = request(formOf([{ name: 'a', content: Buffer.alloc(200_000) }]), { step: 1000 });
    await expect(readForm(source, limits, gather().take)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    expect(source.readableEnded).toBe(false);
  });

  it('hands on what the taker throws', async () => {
    const bytes = formOf([{ name: 'a', content: Buffer.alloc(50_000) }]);
    const refuse = () => Promise.reject(new Error('full'));
    await expect(readForm(request(bytes), limits, refuse)).rejects.toThrow('full');
  });

  it('hands on what the taker throws after the last byte was read: nothing that was not stored counts as taken', async () => {
    const bytes = formOf([{ name: 'a', content: Buffer.alloc(50_000) }]);
    const late: TakePart = async (_, content) => {
      for await (const chunk of content) expect(chunk.length).toBeGreaterThan(0);
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error('full');
    };
    await expect(readForm(request(bytes), limits, late)).rejects.toThrow('full');
  });

  it.each([
    ['a part without a name', 'Content-Disposition: form-data'],
    ['a part that says nothing of itself', 'Content-Type: text/plain'],
    ['a part of two names', 'Content-Disposition: form-data; name="a"; name="b"'],
    ['a folded line', 'Content-Disposition: form-data;\r\n name="a"'],
    ['a bare line feed', 'Content-Disposition: form-data; name="a"\nX: y'],
    ['a head too long', `Content-Disposition: form-data; name="a"\r\nX: ${'y'.repeat(5000)}`],
  ])('with %s is malformed, and passes over nothing', async (_, head) => {
    const bytes = Buffer.from(`--${boundary}\r\n${head}\r\n\r\nx\r\n--${boundary}--\r\n`);
    await expect(readForm(request(bytes), limits, gather().take)).rejects.toMatchObject({ code: 'MALFORMED_REQUEST' });
  });

  it('has nothing before its first part and nothing behind its end', async () => {
    const whole = formOf([{ name: 'a', content: Buffer.from('x') }]);
    for (const bytes of [Buffer.concat([Buffer.from('hi\r\n'), whole]), Buffer.concat([whole, whole])])
      await expect(readForm(request(bytes), limits, gather().take)).rejects.toMatchObject({
        code: 'MALFORMED_REQUEST',
      });
  });
});
