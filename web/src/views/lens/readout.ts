import { candidateBar } from "../../parts/candidates";
import { place } from "../../parts/card";
import { chip, element } from "../../parts/dom";
import { layerWords } from "../../parts/layers";
import { quantityName, valueText } from "../../parts/legend";
import { shownCell, type Cell, type State } from "./cell";
import type { LensCells } from "./cells";

/** The quantities that are about one token: rank_of's. */
const ABOUT_TARGET: ReadonlySet<string> = new Set(["rank", "surprisal"]);
/** Their words say the reference and the direction. */
const DISTANCES: ReadonlySet<string> = new Set(["kl", "js", "tv"]);

/** Everything that is known of the cell the reader looks at. */
export class Readout {
  readonly element = element("section", { class: "card readout", "aria-label": "The cell" });
  /** Read out by a screen reader when the choice moves; hovering stays silent. */
  private readonly announced = element("p", {
    class: "visually-hidden",
    role: "status",
    "aria-live": "polite",
  });
  private readonly body = element("div");

  constructor(private readonly cells: LensCells) {
    this.element.append(this.body, this.announced);
  }

  show(state: State): void {
    const cell = shownCell(state);
    this.body.replaceChildren(
      element("h2", {}, capital(layerWords(cell.layer, cell.inside))),
      this.where(cell),
      ...this.cells.candidates(cell).map(candidateBar),
      this.figures(cell),
      element("p", { class: "hint is-keys" }, hint(state)),
    );
    if (!state.hover) this.announced.textContent = this.words(state);
  }

  private where(cell: Cell): HTMLElement {
    const col = this.cells.column(cell.at);
    const { inputs, nexts } = this.cells.header;
    return place(cell.at, inputs[col]!, nexts[col]!);
  }

  private figures(cell: Cell): HTMLElement {
    const rows = this.cells.header.quantities.flatMap((quantity) => {
      const value = valueText(quantity, this.cells.value(quantity, cell));
      const words = DISTANCES.has(quantity.name) ? quantity.words : quantityName(quantity);
      const name = element("dt", { title: quantity.words }, words);
      if (ABOUT_TARGET.has(quantity.name)) name.append(" of ", chip(this.cells.target(cell.at)));
      return [name, element("dd", { "data-quantity": quantity.name }, value)];
    });
    return element("dl", { class: "figures" }, ...this.check(cell), ...rows);
  }

  /** What float32 has on top, where that was asked for. */
  private check(cell: Cell): HTMLElement[] {
    const label = this.cells.float32(cell);
    if (label === null) return [];
    const told = this.cells.changed(cell) ? ["another: ", chip(label)] : ["the same token"];
    const name = element("dt", {}, "on top in float32");
    return [name, element("dd", { "data-quantity": "float32" }, ...told)];
  }

  private words(cell: Cell): string {
    const [best] = this.cells.candidates(cell);
    const quantity = this.cells.header.quantities.find(({ name }) => name === "probability");
    const share = quantity ? valueText(quantity, this.cells.value(quantity, cell)) : "";
    const read = this.cells.header.inputs[this.cells.column(cell.at)];
    const top = best ? `${best.label} ${share}` : "undefined";
    const other = this.cells.changed(cell) ? `; in float32 ${this.cells.float32(cell)}` : "";
    const where = `Position ${cell.at}, ${read}, ${layerWords(cell.layer, cell.inside)}`;
    return `${where}: ${top}${other}`;
  }
}

function hint(state: State): string {
  return state.pinned
    ? "Pinned. Escape lets go; click another cell to move the pin."
    : "Hover or use the arrow keys; click or Enter pins.";
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
