import { candidateBar } from "../../parts/candidates";
import { chip, element } from "../../parts/dom";
import { percent } from "../../parts/format";
import type { Grid } from "../../spec/spec";
import type { WalkStep } from "../../spec/walk";
import { printed } from "./cells";

const SHARES = ["probability", "temperature", "filtered"];

/** The likeliest tokens with their scores, or their probabilities as bars. */
export function candidates(step: WalkStep, values: Grid): HTMLElement {
  const isShare = SHARES.includes(step.name);
  const lines = step.labels.map((label, i) => {
    const value = values.at(i);
    if (!isShare) {
      return element(
        "div",
        { class: "bar is-plain" },
        chip(label),
        element("span", { class: "amount" }, printed(value)),
      );
    }
    const candidate = { label, probability: value, logit: NaN, isFinal: i === 0, isNext: false };
    return candidateBar(candidate);
  });
  return element("div", { class: "walk-candidates" }, ...lines);
}

/** The experts that the router chose, with their shares. */
export function experts(step: WalkStep, values: Grid): HTMLElement {
  const items = step.ids.map((id, i) =>
    element("li", {}, element("b", {}, `expert ${id}`), ` takes ${percent(values.at(i))}`),
  );
  return element("ul", { class: "walk-experts" }, ...items);
}
