import { track } from "../../parts/candidates";
import { element } from "../../parts/dom";
import { percent } from "../../parts/format";
import { quantityName } from "../../parts/legend";
import type { ComparedCells } from "./cells";
import { slotCode, slotPlace } from "./slots";

/** A cell of both runs: its candidates side by side, and every quantity with its difference. */
export function readout(cells: ComparedCells, row: number, col: number): HTMLElement[] {
  const { header } = cells;
  const isLayer = header.row_axis === "layer";
  const name = header.rows[row]!;
  const where = isLayer && name === "in" ? "the input state" : `${header.row_axis} ${name}`;
  const at = header.column_axis === "token" ? "" : ` · ${slotPlace(header.columns, col)}`;
  return [
    element("h2", {}, "At ", slotCode(header.columns, col)),
    element("p", { class: "about" }, `${isLayer && name !== "in" ? "after " : ""}${where}${at}`),
    ...candidates(cells, row, col),
    figures(cells, row, col),
  ];
}

function candidates(cells: ComparedCells, row: number, col: number): HTMLElement[] {
  return ([0, 1] as const).flatMap((run) => {
    const tops = cells.tops(run, row, col);
    if (!tops.length) return [];
    const bars = tops.map(({ label, probability }) =>
      element(
        "div",
        { class: "bar" },
        element("code", { dir: "ltr" }, label),
        track(probability),
        element("span", { class: "amount" }, percent(probability)),
      ),
    );
    const title = element("h3", {}, `${cells.header.names[run]} says`);
    return [element("div", { class: run ? "says is-second" : "says" }, title, ...bars)];
  });
}

function figures(cells: ComparedCells, row: number, col: number): HTMLElement {
  const { names, quantities } = cells.header;
  const heads = ["", ...names, "difference"].map((name) => element("th", { scope: "col" }, name));
  const rows = quantities.map((quantity) => {
    const { name, words, unit } = quantity;
    const short = quantityName(quantity);
    const told = (["first", "second", "difference"] as const).map((shown) =>
      element(
        "td",
        { class: "is-number" },
        cells.bare(name, shown, cells.value(name, shown, row, col)),
      ),
    );
    const label = unit ? `${short} (${unit})` : short;
    return element("tr", {}, element("th", { scope: "row", title: words }, label), ...told);
  });
  return element(
    "div",
    {
      class: "table-box",
      tabindex: 0,
      role: "region",
      "aria-label": "Every quantity in both runs",
    },
    element(
      "table",
      { class: "both" },
      element("caption", { class: "visually-hidden" }, "Every quantity in both runs"),
      element("thead", {}, element("tr", {}, ...heads)),
      element("tbody", {}, ...rows),
    ),
  );
}
