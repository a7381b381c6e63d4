import { element } from "./dom";
import { quantity } from "./format";
import { gradientOf, paintOf, type Paint } from "./ramp";
import type { Scheme } from "./theme";

/** How a difference, second minus first, is drawn and printed: its sign is never colour alone. */

/** The paint of a signed share -1..1: clay where the first has more, teal where the second has. */
export function signedPaint(share: number, scheme: Scheme): Paint | null {
  return paintOf(share < 0 ? "clay" : "teal", scheme, Math.abs(share));
}

/** A number with its sign: "+0.31", "−2", "0". */
export function signed(value: number, unit = ""): string {
  if (Number.isNaN(value)) return quantity(value);
  const sign = value > 0 ? "+" : value < 0 ? "−" : "";
  return sign + quantity(Math.abs(value), unit);
}

/** The same with one decimal, for a cell: "+38.1", "0" where that is all there is. */
export function tenths(value: number): string {
  if (Number.isNaN(value)) return "";
  const size = Math.abs(value).toFixed(1);
  return size === "0.0" ? "0" : `${value > 0 ? "+" : "−"}${size}`;
}

/** A difference of shares in percentage points: "+38.1 points". */
export function points(share: number): string {
  return signed(100 * share, "points");
}

/** What the colours of a difference mean: the two ends, and which run has more at each. */
export function signedLegend(
  names: readonly [string, string],
  most: string,
  scale: string,
  scheme: Scheme,
): HTMLElement {
  const half = (ramp: "clay" | "teal", towards: string): HTMLElement => {
    const bar = element("span", { class: "ramp is-half", "aria-hidden": "true" });
    bar.style.background = gradientOf(ramp, scheme, towards);
    return bar;
  };
  return element(
    "div",
    { class: "legend" },
    element(
      "span",
      { class: "scale" },
      `−${most}: more in ${names[0]}`,
      half("clay", "left"),
      "0",
      half("teal", "right"),
      `+${most}: more in ${names[1]}`,
    ),
    element("span", {}, scale),
  );
}
