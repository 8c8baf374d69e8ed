/** The injected `ResponseCache`: the pipeline reads and writes it, the poller and the queue forget through it. */
export const RESPONSE_CACHE = Symbol('RESPONSE_CACHE');
