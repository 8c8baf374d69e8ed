import { connect, type Socket } from 'node:net';

/** What came back on a bare connection until the server closed it. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of every shape
  readonly problem: any;
  /** How many answers the connection carried. */
  readonly answers: number;
}

/** Opens a bare connection to a server given by its address. */
export function open(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect({ host: hostname, port: Number(port) });
}

/** Writes bytes as they are, and reads until the server closes; it is the server that must close. */
export async function sendRaw(url: string, bytes: string | Buffer): Promise<RawAnswer> {
  const socket = open(url);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  // The server may close while we still send.
  socket.on('error', () => undefined);
  socket.write(bytes);
  await new Promise((closed) => socket.once('close', closed));
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
    head,
    problem:
      /problem\+json/.test(head) && body.startsWith('{') ? JSON.parse(Buffer.from(body, 'latin1').toString()) : {},
    answers: [...text.matchAll(/HTTP\/1\.1 \d{3} /g)].length,
  };
}
