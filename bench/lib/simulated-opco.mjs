const second = 1000;

/** An OPCO that counts by `fixed` windows, a `sliding` one or a `bucket`; answers 0, or the seconds of its Retry-After. */
export function simulatedOpco(kind, limitAt) {
  let [window, count, stock, at] = [-1, 0, Infinity, 0];
  const passed = [];
  const fixed = (now, limit) => {
    const current = Math.floor(now / second);
    if (current !== window) [window, count] = [current, 0];
    count += 1;
    return count <= limit ? 0 : Math.max(1, Math.ceil(((current + 1) * second - now) / second));
  };
  const sliding = (now, limit) => {
    while (passed[0] <= now - second) passed.shift();
    if (passed.length >= limit) return 1;
    passed.push(now);
    return 0;
  };
  const bucket = (now, limit) => {
    stock = Math.min(limit, stock + ((now - at) / second) * limit);
    at = now;
    if (stock < 1) return 1;
    stock -= 1;
    return 0;
  };
  return (now) => ({ fixed, sliding, bucket })[kind](now, limitAt(now));
}
