const [width, height, left, bottom, top] = [760, 240, 44, 28, 24];
const round = (value) => Math.round(value * 10) / 10;

/** A drawing of values over seconds, as SVG: `lines` are `{ name, colour, points: [second, value | null][], stepped? }`. */
export function plot({ title, lines, seconds, unit }) {
  const most = Math.max(...lines.flatMap(({ points }) => points.map(([, value]) => value ?? 0))) * 1.1;
  const x = (second) => round(left + (second / seconds) * (width - left - 8));
  const y = (value) => round(height - bottom - (value / most) * (height - bottom - top));
  const grid = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const [value, second] = [most * part, seconds * part];
    return (
      `<line x1="${left}" x2="${width - 8}" y1="${y(value)}" y2="${y(value)}" stroke="#ddd"/>` +
      `<text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${Math.round(value)}</text>` +
      `<text x="${x(second)}" y="${height - 10}" text-anchor="middle">${Math.round(second)} s</text>`
    );
  });
  const drawn = lines.map(({ colour, points }) => {
    const path = points.map(([second, value], rank) => {
      const begins = rank === 0 || points[rank - 1][1] === null;
      return value === null ? '' : `${begins ? 'M' : 'L'}${x(second)} ${y(value)}`;
    });
    return `<path d="${path.join('')}" fill="none" stroke="${colour}" stroke-width="1.4"/>`;
  });
  const names = lines.map(
    ({ name, colour }, rank) => `<text x="${left + 260 + rank * 150}" y="14" fill="${colour}">${name}</text>`,
  );
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">` +
    `<rect width="${width}" height="${height}" fill="#fff"/><text x="${left}" y="14" font-weight="bold">${title}, ${unit}</text>` +
    `${grid.join('')}${drawn.join('')}${names.join('')}</svg>\n`
  );
}
