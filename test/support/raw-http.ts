import { connect, type Socket } from 'node:net';

/** What came back on a bare connection until the server closed it. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into bodies of every shape
  readonly problem: any;
  /** How many answers the connection carried. */
  readonly answers: number;
  /** All of it, a byte per character. */
  readonly text: string;
}

/** Opens a bare connection to a server given by its address. */
export function open(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect({ host: hostname, port: Number(port) });
}

/** Writes bytes as they are, and reads until the server closes; it is the server that must close. */
export async function sendRaw(url: string, bytes: string | Buffer): Promise<RawAnswer> {
  const socket = open(url);
  const answer = readToEnd(socket);
  socket.write(bytes);
  return answer;
}

/** What a connection brings until the server closes it. */
export async function readToEnd(socket: Socket): Promise<RawAnswer> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  // The server may close while we still send.
  socket.on('error', () => undefined);
  await new Promise((closed) => socket.once('close', closed));
  return readAnswer(text);
}

function readAnswer(text: string): RawAnswer {
  const [head = ''] = text.split('\r\n\r\n', 1);
  const [, length = '0'] = /^content-length: (\d+)/im.exec(head) ?? [];
  const body = Buffer.from(text.slice(head.length + 4, head.length + 4 + Number(length)), 'latin1').toString();
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
    head,
    problem: /problem\+json/.test(head) && body !== '' ? JSON.parse(body) : {},
    answers: [...text.matchAll(/HTTP\/1\.1 \d{3} /g)].length,
    text,
  };
}
