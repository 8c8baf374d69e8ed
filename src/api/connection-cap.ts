import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { fail } from '../core/errors.js';
import { writeProblem } from './raw-answers.js';

/** Connections above the cap that may be told so at a time; the system closes any further one unseen. */
const toldAtATime = 1000;

/**
 * At most `most` connections at a time: the next one is told 503 before it has said a word, and closed. A flood thus costs
 * neither memory nor file handles; whoever probes asks the staff listener, which has its own connections.
 */
export function capConnections(server: Server, most: number): void {
  let open = 0;
  server.maxConnections = most + toldAtATime;
  server.on('connection', (socket: Socket) => {
    open++;
    socket.once('close', () => open--);
    if (open <= most) return;
    writeProblem(socket, fail('OVERLOADED', { detail: 'Trop de connexions ouvertes ; réutilisez les vôtres.' }));
    socket.destroySoon();
  });
}
