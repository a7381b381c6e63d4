import { dataTable } from "../../parts/datatable";
import { element } from "../../parts/dom";
import { percent, rank as whole } from "../../parts/format";
import type { FactorsHeader } from "../../spec/headers";
import { arrayOf, type Spec } from "../../spec/spec";

/** A row per factor: share, neurons, how many carry half, and a bar per block. */
export function factorsTable(spec: Spec<FactorsHeader>): HTMLElement {
  const { header } = spec;
  const heads = ["factor", "share", "neurons", "carry half", "neurons by block"];
  const rows = header.share.map((share, factor) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, String(factor)),
      element("td", { class: "is-number" }, percent(share)),
      element("td", { class: "is-number" }, whole(header.neurons[factor]!)),
      element("td", { class: "is-number" }, whole(header.half[factor]!)),
      element("td", {}, blocks(spec, factor)),
    ),
  );
  return dataTable("Factors in numbers", heads, rows, 1);
}

/** Factors by factors: the neurons that have a weight in both. */
export function overlapTable(spec: Spec<FactorsHeader>): HTMLElement {
  const overlap = arrayOf(spec, "overlap");
  const names = spec.header.share.map((_, factor) => String(factor));
  const rows = names.map((name, a) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      ...names.map((_, b) => element("td", { class: "is-number" }, whole(overlap.at(a, b)))),
    ),
  );
  return dataTable("Overlap of factors", ["factor", ...names], rows);
}

/** Bars, one per block: how many of a factor's neurons sit there. */
function blocks(spec: Spec<FactorsHeader>, factor: number): HTMLElement {
  const counts = arrayOf(spec, "per_layer");
  const { layers } = spec.header;
  const values = layers.map((_, i) => counts.at(factor, i));
  const most = Math.max(1, ...values);
  const bars = values.map((count, i) => {
    const bar = element("i", { title: `block ${layers[i]!}: ${whole(count)}` });
    bar.style.height = `${(100 * count) / most}%`;
    return bar;
  });
  const label = `from ${Math.min(...values)} to ${most} neurons in a block`;
  return element("div", { class: "block-bars", role: "img", "aria-label": label }, ...bars);
}
