import type { Quantity } from "../spec/headers";
import { element } from "./dom";
import { percent, quantity as inUnits, rank } from "./format";
import { gradientOf } from "./ramp";
import type { Scheme } from "./theme";

const CAPITALS: ReadonlySet<string> = new Set(["kl", "js", "tv"]);

/** The short name of a quantity: on its button, in the head of its column. */
export function quantityName({ name }: Pick<Quantity, "name">): string {
  return CAPITALS.has(name) ? name.toUpperCase() : name;
}

/** A value of a quantity as it is printed everywhere on the page; NaN is undefined. */
export function valueText({ name, unit }: Quantity, value: number): string {
  if (name === "probability") return percent(value);
  if (name === "rank") return rank(Number.isNaN(value) ? 0 : value);
  return inUnits(value, unit);
}

/** Whether some values lie off the ends of a scale, and so have the colour of its end. */
export interface Clipped {
  readonly below: boolean;
  readonly above: boolean;
}

/** Ramps side by side, each from weak to strong in its direction, with words at both ends. */
export function rampLegend(
  scheme: Scheme,
  [from, to]: readonly [string, string],
  ramps: readonly (readonly [Quantity["ramp"], "left" | "right"])[],
  words: string,
): HTMLElement {
  const bars = ramps.map(([name, towards]) => {
    const bar = element("span", { class: "ramp", "aria-hidden": "true" });
    bar.style.background = gradientOf(name, scheme, towards);
    return bar;
  });
  return element(
    "div",
    { class: "legend" },
    element("span", { class: "scale" }, from, ...bars, to),
    element("span", {}, words),
  );
}

/** What the colours and marks mean. `marks` are [swatch style, meaning] pairs. */
export function legend(
  quantity: Quantity,
  scheme: Scheme,
  marks: readonly (readonly [string, string])[],
  clipped: Clipped = { below: false, above: false },
): HTMLElement {
  const low = (clipped.below ? "≤ " : "") + valueText(quantity, quantity.low);
  const high = (clipped.above ? "≥ " : "") + valueText(quantity, quantity.high);
  const [weak, strong] = quantity.strong === "high" ? [low, high] : [high, low];
  const ramp = element("span", { class: "ramp", "aria-hidden": "true" });
  ramp.style.background = gradientOf(quantity.ramp, scheme);
  const scale = quantity.scale === "log" ? `${quantity.words}, log scale` : quantity.words;
  return element(
    "div",
    { class: "legend" },
    element("span", { class: "scale" }, weak, ramp, strong),
    element("span", {}, scale),
    ...marks.map(([style, meaning]) =>
      element("span", {}, element("span", { class: `swatch ${style}`.trim() }), meaning),
    ),
  );
}
