import type { Quantity } from "../spec/headers";
import { element } from "./dom";
import { percent, quantity as inUnits, rank } from "./format";
import { gradientOf } from "./ramp";
import type { Scheme } from "./theme";

/** A value of a quantity as it is printed everywhere on the page. */
export function valueText(quantity: Quantity, value: number): string {
  if (quantity.name === "probability") return percent(value);
  return quantity.name === "rank" ? rank(value) : inUnits(value, quantity.unit);
}

/** What the colours and marks mean. `marks` are [swatch style, meaning] pairs. */
export function legend(
  quantity: Quantity,
  scheme: Scheme,
  marks: readonly (readonly [string, string])[],
): HTMLElement {
  const ends = quantity.strong === "high" ? [quantity.low, quantity.high] : [quantity.high, quantity.low];
  const [weak, strong] = ends.map((value) => valueText(quantity, value!));
  const ramp = element("span", { class: "ramp", "aria-hidden": "true" });
  ramp.style.background = gradientOf(quantity.ramp, scheme);
  const scale = quantity.scale === "log" ? `${quantity.words}, log scale` : quantity.words;
  return element(
    "div",
    { class: "legend" },
    element("span", {}, weak!, ramp, `${strong!}  ${scale}`),
    ...marks.map(([style, meaning]) =>
      element("span", {}, element("span", { class: `swatch ${style}`.trim() }), meaning),
    ),
  );
}
