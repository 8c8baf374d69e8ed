/** The Redis that carries the queue; it never evicts. */
export const QUEUE_REDIS = Symbol('QUEUE_REDIS');

/** The Redis that carries the cache; it may evict, and may be the same server as the queue's. */
export const CACHE_REDIS = Symbol('CACHE_REDIS');
