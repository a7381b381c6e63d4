import { element } from "../../parts/dom";
import type { AttentionHeader } from "../../spec/headers";

/** The views that a page has, by the value of their choice. */
export const VIEWS = [
  ["model", "all heads"],
  ["heads", "heads of a layer"],
] as const;

/** Which layers have no attention; nothing where all have. */
export function missingWords({ missing_layers: missing }: AttentionHeader): HTMLElement | null {
  if (!missing.length) return null;
  const words = `Without attention, and so not here: layers ${ranges(missing)}.`;
  return element("p", { class: "hint" }, words);
}

/** "0–3, 5": numbers in a row as their first and last. */
export function ranges(numbers: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const number of numbers) {
    const last = parts.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
}
