import type { Hub } from '../../src/hub/central/hub.js';
import type { Line, Listener } from '../../src/hub/link.js';
import type { FromHub, ToHub } from '../../src/hub/messages.js';
import type { Timers } from '../../src/hub/timers.js';

/** A line to a hub elsewhere: what is said is written down, arrives a moment later and in order, the end of the line last. */
export function lineTo(hub: Hub, instance: string, listener: Listener, timers: Timers): Line {
  let open = true;
  const later = (run: () => void) => void timers.after(0, run);
  const seat = hub.attach(instance, {
    say: (message) => {
      const text = JSON.stringify(message);
      later(() => listener.received(JSON.parse(text) as FromHub));
    },
    cut: () => {
      open = false;
      later(() => listener.lost());
    },
  });
  later(() => listener.opened());
  return {
    say: (message) => {
      const text = JSON.stringify(message);
      later(() => seat.receive(JSON.parse(text) as ToHub));
      return open;
    },
    close: () => {
      open = false;
      later(() => seat.lost());
    },
  };
}
