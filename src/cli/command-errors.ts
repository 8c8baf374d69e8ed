/** A command line that cannot be understood; the message is French and is followed by the usage. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A wish that cannot be fulfilled; the message is French and says what to do. Exit code 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
