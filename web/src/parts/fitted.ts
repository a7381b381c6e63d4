/** Cutting a text so that it fits a width. */

const CACHE_SIZE = 20_000;
const cache = new Map<string, string>();

type Ruler = Pick<CanvasRenderingContext2D, "font" | "measureText">;

/** The text, or as much of its beginning as fits `width` pixels with "…" behind. */
export function fitted(ruler: Ruler, text: string, width: number): string {
  const key = `${ruler.font}|${width}|${text}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  if (cache.size >= CACHE_SIZE) cache.clear();
  const result = ruler.measureText(text).width <= width ? text : cut(ruler, text, width);
  cache.set(key, result);
  return result;
}

/** Halving: a hostile token may be very long. Whole characters only. */
function cut(ruler: Ruler, text: string, width: number): string {
  const characters = Array.from(text);
  let [fits, tooLong] = [1, characters.length];
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    const candidate = characters.slice(0, middle).join("") + "…";
    if (ruler.measureText(candidate).width <= width) fits = middle;
    else tooLong = middle;
  }
  return characters.slice(0, fits).join("") + "…";
}
