/** How an instance may be called: a name fit for logs, rows and metrics. */
export const instanceName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
