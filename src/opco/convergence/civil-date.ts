const paris = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Europe/Paris',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

const shape = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * The civil date in Europe/Paris of an upstream time; a time without a zone is already civil. Undefined for what is no
 * date. Midnight UTC, by far the most common form, is the same day in Paris and needs no calendar.
 */
export function civilDateInParis(text: string): string | undefined {
  const [, date, time, zone] = shape.exec(text.trim()) ?? [];
  if (date === undefined) return undefined;
  if (time === undefined || zone === undefined || isMidnightUtc(time, zone)) return date;
  const instant = Date.parse(`${date}T${time}${zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone}`);
  return Number.isNaN(instant) ? undefined : paris.format(instant);
}

function isMidnightUtc(time: string, zone: string): boolean {
  return (
    time.startsWith('00:00') &&
    /^00:00(?::00(?:\.0+)?)?$/.test(time) &&
    (zone === 'Z' || zone === '+00:00' || zone === '+0000')
  );
}
