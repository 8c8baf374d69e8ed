import type { FromHub, ToHub } from './messages.js';

/** An instance's place at a hub, from the moment it is let in until its line is cut. */
export interface Seat {
  receive(message: ToHub): void;
  /** The line is cut; whether the instance is gone, nobody knows. */
  lost(): void;
}

/** Where instances are let in, whatever the line they come by. */
export interface Seats {
  /** `say` must not throw; `cut` ends the line. */
  attach(instance: string, line: { say(message: FromHub): void; cut(reason: string): void }): Seat;
}

/** Who hears what comes over an instance's line to the hub. */
export interface Listener {
  opened(): void;
  received(message: FromHub): void;
  lost(): void;
}

/** An instance's line to whichever hub leads; finds it, keeps it and opens it again by itself. */
export interface Line {
  /** False when the line is down: the message is lost. */
  say(message: ToHub): boolean;
  close(): void;
}
