import { track } from "../../parts/candidates";
import { chip, element } from "../../parts/dom";
import type { Place } from "../../parts/geometry";
import type { Matrices } from "./matrix";

const LISTED = 8;

/** The chosen cell's target and source: what each has of the other text, the most first. */
export function panel(matrices: Matrices, layer: number, { row, col }: Place): HTMLElement[] {
  const { inputs, positions, explained, targets } = matrices.header;
  const [target, source] = [chip(explained[row]!, "out"), chip(inputs[col]!, "in")];
  const cell = matrices.told(matrices.at(layer, row, col));
  return [
    element("h2", {}, target, " from ", source, `: ${cell}`),
    element(
      "p",
      { class: "about" },
      `Position ${targets[row]!} of the target, ${positions[col]!} of the source.`,
    ),
    element(
      "div",
      { class: "both-ways" },
      list(matrices, "The target's sources", inputs, (i) => matrices.at(layer, row, i)),
      list(matrices, "The source's targets", explained, (i) => matrices.at(layer, i, col)),
    ),
  ];
}

function list(
  matrices: Matrices,
  title: string,
  labels: readonly string[],
  value: (i: number) => number,
): HTMLElement {
  const { header } = matrices;
  const order = labels
    .map((label, i) => ({ label, value: value(i) }))
    .filter((entry) => entry.value > 0)
    .sort((a, b) => b.value - a.value);
  const most = order[0]?.value ?? 1;
  const bars = order
    .slice(0, LISTED)
    .map((entry) =>
      element(
        "div",
        { class: "bar" },
        element("code", { dir: "ltr" }, entry.label),
        track(header.unit === "1" ? entry.value : entry.value / most),
        element("span", { class: "amount" }, matrices.told(entry.value)),
      ),
    );
  const rest = order.length - LISTED;
  return element(
    "div",
    {},
    element("h3", {}, title),
    ...(bars.length ? bars : [element("p", { class: "hint" }, "Nothing.")]),
    rest > 0 ? element("p", { class: "hint" }, `and ${rest} more`) : null,
  );
}
