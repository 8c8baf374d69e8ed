import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Who may use the control API: programs on this machine, or everybody who reaches the port. */
export type ControlDoor = 'loopback' | 'anybody';

const loopbackIp = /^(?:127\.|::1$|::ffff:127\.)/;
const loopbackName = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** Keeps strangers off the control routes: other machines, and web pages of other origins in a browser on this one. */
export function controlDoor(app: FastifyInstance, door: ControlDoor): void {
  app.addHook('onRequest', (request, reply, done) => {
    const wrong = strangeOrigin(request) ?? (door === 'loopback' ? notFromHere(request) : undefined);
    if (wrong === undefined) return done();
    void reply.code(403).send({ message: wrong });
  });
}

function notFromHere({ ip, headers }: FastifyRequest): string | undefined {
  const here = loopbackIp.test(ip) && loopbackName.test(headers.host ?? '');
  return here ? undefined : 'The control API answers on loopback only; OPCOVIA_SANDBOX_CONTROL=anybody opens it';
}

function strangeOrigin({ headers: { origin, host } }: FastifyRequest): string | undefined {
  if (origin === undefined) return undefined;
  return origin === `http://${host}` ? undefined : 'The control API takes no calls from pages of another origin';
}
