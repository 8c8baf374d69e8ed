import type { Lane } from './fair/classes.js';
import type { Became, BudgetWord, FromHub, ToHub, Wanted } from './messages.js';

/** An instance's place at a hub, from the moment it is let in until its line is cut. */
export interface Seat {
  receive(message: ToHub): void;
  /** The line is cut; whether the instance is gone, nobody knows. */
  lost(): void;
}

/** Where instances are let in, whatever the line they come by. */
export interface Seats {
  attach(instance: string, line: SeatLine): Seat;
}

/** The hub's end of an instance's line. */
export interface SeatLine {
  /** Must not throw. */
  say(message: FromHub): void;
  /** Ends the line; the seat is not told of it any more. */
  cut(reason: string): void;
  /** The instance lives in the hub's own process: it hears everything at once. */
  readonly beside?: boolean;
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
  /** A hub in the same process: it has answered before `say` returns, and may be asked directly. */
  readonly beside?: Beside;
}

/** What needs no message where hub and instance live in one process. */
export interface Beside {
  /** Takes a permit that may be had at once. */
  take(budget: string, lane: Lane, tenant?: string): boolean;
  giveBack(budget: string, calls: number): void;
  learn(budget: string, became: Became): void;
  /** All that an instance wants of a budget; replaces what it wanted. */
  want(budget: string, instance: string, wants: readonly Wanted[]): void;
  word(budget: string): BudgetWord;
}
