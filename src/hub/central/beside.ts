import type { Line, Listener } from '../link.js';
import type { Hub } from './hub.js';

/** The line of an instance that lives in the hub's own process: no message is ever lost or late. */
export function besideHub(hub: Hub, instance: string, listener: Listener): Line {
  let open = true;
  const seat = hub.attach(instance, {
    beside: true,
    say: (message) => {
      if (open) listener.received(message);
    },
    cut: () => {
      if (!open) return;
      open = false;
      listener.lost();
    },
  });
  listener.opened();
  return {
    beside: hub.beside,
    say: (message) => {
      if (open) seat.receive(message);
      return open;
    },
    close: () => {
      open = false;
      seat.lost();
    },
  };
}
