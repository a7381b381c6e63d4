import { card, sentence } from "../../parts/card";
import { element } from "../../parts/dom";
import type { Place } from "../../parts/geometry";
import { HeatGrid } from "../../parts/heatgrid";
import { legend } from "../../parts/legend";
import { chipsOf, TokenStrip } from "../../parts/strip";
import type { LensHeader, Quantity } from "../../spec/headers";
import type { Host } from "../host";
import { wide, type Page } from "../page";
import { sameCell, shownCell, type Cell, type State } from "./cell";
import type { LensCells } from "./cells";
import { layoutControls, modeControls } from "./controls";
import { heatModel } from "./heat";
import { panel } from "./panel";
import { Readout } from "./readout";
import { drawnRows, rowIndex } from "./rows";
import type { LensState } from "./state";

/** What needs the grid laid out anew. */
const LAYOUT = ["mode", "finalOnTop", "inputRow", "overview"] as const;

/** Everything on the page, kept in step with the store. */
export class LensPage implements Page {
  readonly cards: readonly HTMLElement[];
  private readonly strip: TokenStrip;
  private readonly grid: HeatGrid;
  private readonly legendBox = element("div");
  private readonly panelBox = element("div", { class: "panel-box" });
  private readonly readout: Readout;
  private readonly modes;
  private readonly layout;

  constructor(
    private readonly cells: LensCells,
    private readonly store: LensState,
    private readonly host: Host,
  ) {
    const { header } = cells;
    this.modes = modeControls(header, store);
    this.layout = layoutControls(header, store);
    this.readout = new Readout(cells);
    this.strip = new TokenStrip("The tokens it read", chipsOf(header), {
      hover: (col) => this.hover(col === null ? null : { ...this.chosenRow(), at: this.at(col) }),
      choose: (col) => this.choose({ ...this.chosenRow(), at: this.at(col) }, true),
      move: (col) => this.choose({ ...this.chosenRow(), at: this.at(col) }, false),
      release: () => store.set({ pinned: false }),
    });
    this.grid = new HeatGrid(this.model(store.state), {
      hover: (place) => this.hover(place && this.cellAt(place)),
      choose: (place) => this.choose(this.cellAt(place), true),
      move: (place) => this.choose(this.cellAt(place), false),
      release: () => store.set({ pinned: false }),
    });
    this.cards = this.arrange();
  }

  start(): void {
    this.show(this.store.state, null);
    this.store.subscribe((now, before) => this.show(now, before));
  }

  recolour(): void {
    this.relay(this.store.state);
    this.grid.recolour();
  }

  dispose(): void {
    this.grid.dispose();
    this.store.dispose();
  }

  private arrange(): HTMLElement[] {
    const { header } = this.cells;
    const text = card(
      "What it read",
      "The text, token by token. Pick one: the grid shows what the model would say " +
        `${header.masked ? "in its place" : "after it"}.` +
        (header.produced.some(Boolean) ? " Underlined tokens were produced by the model." : ""),
      [],
      this.strip.element,
      sentence(header.sentence),
    );
    const picture = card(
      header.heading,
      header.about,
      [this.modes.element],
      this.grid.element,
      this.legendBox,
      this.layout.element,
    );
    // A report shows the text once for all its lenses.
    const first = this.host.nested ? [] : [wide(text)];
    return [...first, picture, this.readout.element, this.panelBox];
  }

  /** Draws what has changed; everything at first. */
  private show(now: State, before: State | null): void {
    const relaid = !before || LAYOUT.some((name) => now[name] !== before[name]);
    const moved = !before || !sameCell(now, before);
    if (relaid) this.relay(now);
    if (moved || now.hover !== before.hover || now.pinned !== before.pinned) this.point(now, moved);
    if (moved || relaid || now.panel !== before.panel) {
      this.showPanel(before?.panel ?? "");
    }
    this.modes.show(now);
    this.layout.show(now);
  }

  /** What is open under the grid; once it is closed the keyboard goes on where it was opened. */
  private showPanel(before: string): void {
    const opened = panel(this.cells, this.store);
    const held = this.panelBox.contains(document.activeElement);
    this.panelBox.replaceChildren(...(opened ? [opened] : []));
    if (!held) return;
    const next = opened?.querySelector("button") ?? this.layout.opener(before);
    next?.focus();
  }

  private relay(state: State): void {
    this.grid.show(this.model(state), state.overview);
    this.grid.select(this.placeOf(state), false);
    const quantity = this.quantity(state);
    const clipped = this.cells.clipped(quantity, drawnRows(this.cells.header, state));
    const marks = marksOf(this.cells.header);
    this.legendBox.replaceChildren(legend(quantity, this.host.theme.scheme, marks, clipped));
  }

  private point(state: State, reveal: boolean): void {
    const shown = shownCell(state);
    const hover = sameCell(shown, state) ? null : shown;
    const chosen = this.cells.column(state.at);
    this.grid.select(this.placeOf(state), reveal);
    this.grid.setHover(hover && this.placeOf(hover));
    this.strip.mark({
      chosen,
      follows: this.cells.header.masked ? -1 : chosen + 1,
      hover: hover ? this.cells.column(hover.at) : -1,
    });
    this.readout.show(state);
  }

  private model(state: State) {
    const rows = drawnRows(this.cells.header, state);
    return heatModel(this.cells, rows, this.quantity(state), state, this.host.theme.scheme);
  }

  private quantity(state: State): Quantity {
    return this.cells.header.quantities.find(({ name }) => name === state.mode)!;
  }

  private hover(cell: Cell | null): void {
    if (!sameCell(cell, this.store.state.hover)) this.store.set({ hover: cell });
  }

  private choose(cell: Cell, pin: boolean): void {
    this.store.set({ ...cell, hover: null, ...(pin ? { pinned: true } : {}) });
  }

  private chosenRow() {
    const { layer, inside } = this.store.state;
    return { layer, inside };
  }

  private at(col: number): number {
    return this.cells.header.positions[col]!;
  }

  private cellAt({ row, col }: Place): Cell {
    return { ...drawnRows(this.cells.header, this.store.state)[row]!, at: this.at(col) };
  }

  private placeOf(cell: Cell): Place | null {
    const row = rowIndex(drawnRows(this.cells.header, this.store.state), cell);
    const col = this.cells.column(cell.at);
    return row >= 0 && col >= 0 ? { row, col } : null;
  }
}

function marksOf(header: LensHeader): [style: string, meaning: string][] {
  return [
    ["is-ring", `the top token is the one that ${header.masked ? "stands there" : "came next"}`],
    ...(header.checked
      ? [["is-corner", "float32 puts another token on top"] as [string, string]]
      : []),
    ...(header.produced.some(Boolean)
      ? [["is-produced", "produced by the model"] as [string, string]]
      : []),
  ];
}
