import { card } from "../../parts/card";
import { candidateTable, tableBox } from "../../parts/candidates";
import { button, chip, element } from "../../parts/dom";
import { layerWords, stateName } from "../../parts/layers";
import { quantityName, valueText } from "../../parts/legend";
import type { Cell, State } from "./cell";
import type { LensCells } from "./cells";
import { drawnRows, type Row } from "./rows";
import type { LensState } from "./state";

/** What can be opened under the grid, for the chosen position: its candidates, or all numbers. */
export function panel(cells: LensCells, store: LensState): HTMLElement | null {
  const { state } = store;
  if (!state.panel) return null;
  const rows = drawnRows(cells.header, state);
  const [heading, about, body] =
    state.panel === "candidates" ? candidates(cells, rows, state) : numbers(cells, rows, state);
  const close = button("Close", () => store.set({ panel: "" }));
  const title = element(
    "span",
    {},
    heading,
    chip(cells.header.inputs[cells.column(state.at)]!, "in"),
  );
  const section = card(title, about, [close], body);
  section.classList.add("is-wide");
  section.dataset["panel"] = state.panel;
  return section;
}

type Parts = [heading: string, about: string, body: HTMLElement];

function candidates(cells: LensCells, rows: readonly Row[], state: State): Parts {
  const after = rows.filter((row) => !row.inside);
  const table = candidateTable(
    `Candidates at position ${state.at}`,
    after.map((row) => ({ layer: row.layer, candidates: cells.candidates(at(row, state)) })),
    state.inside ? null : state.layer,
  );
  const about =
    `The ${cells.header.k} likeliest tokens after each layer at position ${state.at}. ` +
    "Bars: probability, 0 to 1. In bold: the final layer's top token.";
  return ["What it nearly said after ", about, table];
}

function numbers(cells: LensCells, rows: readonly Row[], state: State): Parts {
  const { quantities, rank_of } = cells.header;
  const words = ["top token", ...(cells.header.checked ? ["in float32"] : [])];
  const heads = ["state", ...words, ...quantities.map(quantityName)].map((name) =>
    element("th", { scope: "col", class: words.includes(name) ? null : "is-number" }, name),
  );
  const caption = `All numbers at position ${state.at}`;
  const table = element(
    "table",
    {},
    element("caption", { class: "visually-hidden" }, caption),
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...rows.map((row) => numbersRow(cells, at(row, state), state))),
  );
  const about =
    `The grid's column at position ${state.at} as a table. ` +
    `Rank and surprisal are of ${rank_of.words}: ${cells.target(state.at)}. ` +
    "Surprisal, entropy and distances are in nats.";
  return ["All numbers after ", about, tableBox(caption, table)];
}

function numbersRow(cells: LensCells, cell: Cell, state: State): HTMLElement {
  const isChosen = cell.layer === state.layer && cell.inside === state.inside;
  const values = cells.header.quantities.map((quantity) => {
    // The line above the table says the units; its cells are bare numbers.
    const text = valueText({ ...quantity, unit: "" }, cells.value(quantity, cell));
    return element("td", { class: "is-number" }, text);
  });
  return element(
    "tr",
    { class: isChosen ? "is-chosen" : null },
    element(
      "th",
      { scope: "row", title: layerWords(cell.layer, cell.inside) },
      stateName(cell.layer, cell.inside),
    ),
    element("td", {}, element("code", { dir: "ltr" }, cells.topLabel(cell))),
    ...(cells.header.checked ? [element("td", {}, ...checkedWords(cells, cell))] : []),
    ...values,
  );
}

/** The token that float32 has on top where it is another one. */
function checkedWords(cells: LensCells, cell: Cell): (HTMLElement | string)[] {
  const label = cells.float32(cell);
  if (label === null) return [];
  return cells.changed(cell) ? [element("code", { dir: "ltr" }, label)] : ["same"];
}

function at(row: Row, state: State): Cell {
  return { ...row, at: state.at };
}
