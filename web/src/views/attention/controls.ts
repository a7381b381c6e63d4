import type { Choices } from "../../parts/choices";
import { button, element, press } from "../../parts/dom";
import type { AttentionHeader } from "../../spec/headers";
import { BLOCKS, blockWords } from "./blocks";
import type { HeadAt, Heads } from "./heads";
import { MASS, STEPS } from "./state";
import { unitOf } from "./tokens";

/** Calls `show` now and after each change. */
function kept(choices: Choices, show: () => void): void {
  choices.subscribe(show);
  show();
}

export function firstButton(choices: Choices, header: AttentionHeader): HTMLElement {
  const hidden = (): boolean => choices.get("first") === "hidden";
  const unit = unitOf(header, "key");
  const first = header.keys && unit === "token" ? "source token" : unit;
  const node = button(`hide first ${first} and renormalise`, () =>
    choices.set({ first: hidden() ? "shown" : "hidden" }),
  );
  kept(choices, () => press(node, hidden()));
  return node;
}

/** How much of each token's attention is drawn as lines. */
export function massControl(choices: Choices, header: AttentionHeader): HTMLElement {
  const slider = element("input", {
    type: "range",
    min: MASS.least,
    max: MASS.most,
    step: 5,
    "aria-label": `Share of each ${unitOf(header, "query")}'s attention that is drawn, in percent`,
  });
  slider.addEventListener("input", () => choices.set({ mass: slider.value }));
  const amount = element("output");
  const label = element("label", { class: "mass" }, "mass", slider, amount);
  kept(choices, () => {
    slider.value = choices.get("mass");
    amount.textContent = `${slider.value} %`;
    label.hidden = choices.get("form") === "matrix" && choices.get("view") === "model";
  });
  return label;
}

/** Radio buttons belong together by their name: each group on a page has its own. */
let groups = 0;

/** Which part of the text looks at which; nothing where the text has one part. */
export function blockControl(choices: Choices, header: AttentionHeader): HTMLElement[] {
  if (header.split === null) return [];
  const name = `parts-${++groups}`;
  const group = element("div", { class: "radios", role: "radiogroup" });
  group.setAttribute("aria-label", "Which part looks at which");
  const inputs = BLOCKS.map((block) => {
    const input = element("input", { type: "radio", name, value: block });
    input.addEventListener("change", () => choices.set({ part: block }));
    group.append(element("label", {}, input, blockWords(block, header)));
    return input;
  });
  if (header.parts?.[0] === "A") {
    const words = `A: before position ${header.split}, B: from there on`;
    group.append(element("span", { class: "left-over" }, words));
  }
  kept(choices, () => {
    for (const input of inputs) input.checked = input.value === choices.get("part");
  });
  return [group];
}

function figureSelect(
  choices: Choices,
  heads: Heads,
  name: string,
  label: string,
  none: string,
): HTMLElement {
  const select = element("select", { "aria-label": label });
  select.append(
    element("option", { value: "" }, none),
    ...heads.header.figures.map((figure) =>
      element("option", { value: figure.name, title: figure.words }, `by ${figure.name}`),
    ),
  );
  select.addEventListener("change", () => choices.set({ [name]: select.value }));
  kept(choices, () => {
    select.value = choices.get(name);
  });
  return select;
}

export function sortControl(choices: Choices, heads: Heads): HTMLElement {
  return figureSelect(choices, heads, "sort", "Order of the heads", "layer by layer");
}

/** A figure, the least value that keeps a head, and how many are kept. */
export function filterControl(choices: Choices, heads: Heads): HTMLElement {
  const select = figureSelect(choices, heads, "by", "Figure to filter by", "no filter");
  const slider = element("input", {
    type: "range",
    min: 0,
    max: STEPS,
    step: 1,
    "aria-label": "Least value of the figure",
  });
  slider.addEventListener("input", () => choices.set({ least: slider.value }));
  const left = element("output", { class: "left-over" });
  const range = element("label", { class: "mass" }, "at least", slider);
  kept(choices, () => {
    slider.value = choices.get("least");
    const f = heads.figureNamed(choices.get("by"));
    range.hidden = f < 0;
    if (f < 0) left.textContent = "";
    else {
      const least = heads.words(f, leastOf(choices, heads, f));
      const count = heads.order("").filter(keptBy(choices, heads)).length;
      slider.setAttribute("aria-valuetext", least);
      left.textContent = `${least}: ${count} of ${heads.count} heads left`;
    }
  });
  return element("div", { class: "filter" }, select, range, left);
}

/** Which heads the filter keeps; those without the figure are left out. */
export function keptBy(choices: Choices, heads: Heads): (at: HeadAt) => boolean {
  const f = heads.figureNamed(choices.get("by"));
  if (f < 0) return () => true;
  const least = leastOf(choices, heads, f);
  return (at) => heads.figure(f, at) >= least - 1e-9;
}

function leastOf(choices: Choices, heads: Heads, f: number): number {
  const [low, high] = heads.range(f);
  return low + ((high - low) * choices.number("least")) / STEPS;
}
