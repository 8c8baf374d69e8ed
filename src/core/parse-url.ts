/**
 * The URL that a text spells; undefined when it spells none. Not by `URL.canParse`: compiled code of Node 20 hands it texts such as
 * `https://bücher.example/` as if they were UTF-8, and hears that they are no URLs.
 */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
