import { bindAddress, stateOf } from "../parts/address";
import { card, provenance, sentence } from "../parts/card";
import { element } from "../parts/dom";
import type { Place } from "../parts/geometry";
import { HeatGrid } from "../parts/heatgrid";
import { INPUT_LAYER } from "../parts/layers";
import { legend } from "../parts/legend";
import { masthead } from "../parts/masthead";
import {
  createStore,
  sameCell,
  shownCell,
  type Cell,
  type State,
  type Store,
} from "../parts/selection";
import { TokenStrip } from "../parts/strip";
import type { LensHeader, Quantity } from "../spec/headers";
import type { Spec } from "../spec/spec";
import type { Host, View } from "./host";
import { LensCells } from "./lens/cells";
import { layoutControls, modeControls } from "./lens/controls";
import { heatModel } from "./lens/heat";
import { panel } from "./lens/panel";
import { Readout } from "./lens/readout";
import { drawnRows, rowIndex } from "./lens/rows";

/** The logit lens: what the model would say if it stopped after each layer. */
export const lensView: View = (spec, root, host) => {
  const cells = new LensCells(spec as Spec<LensHeader>);
  const initial = initialState(cells.header);
  const allowed = (change: Partial<State>): Partial<State> => permitted(cells, initial, change);
  const store = createStore(initial, host.address ? allowed(stateOf(host.address.read())) : {});
  const page = new LensPage(cells, store, host);
  root.append(masthead(cells.header, host.theme), page.element);
  page.show(store.state, null);
  const stops = [
    store.subscribe((now, before) => page.show(now, before)),
    host.theme.subscribe(() => page.recolour()),
    host.address ? bindAddress(store, host.address, allowed) : () => {},
  ];
  return () => {
    for (const stop of stops) stop();
    page.dispose();
    root.replaceChildren();
  };
};

/** Everything on the page, kept in step with the store. */
class LensPage {
  readonly element: HTMLElement;
  private readonly strip: TokenStrip;
  private readonly grid: HeatGrid;
  private readonly legendBox = element("div");
  private readonly panelBox = element("div", { class: "panel-box" });
  private readonly readout: Readout;
  private readonly modes;
  private readonly layout;

  constructor(
    private readonly cells: LensCells,
    private readonly store: Store,
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
    this.element = this.arrange();
  }

  /** Draws what has changed; everything at first. */
  show(now: State, before: State | null): void {
    if (!before || LAYOUT.some((name) => now[name] !== before[name])) this.relay(now);
    const moved = !before || !sameCell(now, before);
    if (moved || now.hover !== before.hover || now.pinned !== before.pinned) this.point(now, moved);
    if (moved || now.panel !== before.panel || LAYOUT.some((name) => now[name] !== before[name])) {
      const opened = panel(this.cells, this.store);
      this.panelBox.replaceChildren(...(opened ? [opened] : []));
    }
    this.modes.show(now);
    this.layout.show(now);
  }

  recolour(): void {
    this.relay(this.store.state);
    this.grid.recolour();
  }

  dispose(): void {
    this.grid.dispose();
  }

  private arrange(): HTMLElement {
    const { header } = this.cells;
    const text = card(
      "What it read",
      "The text, token by token. Pick one: the grid shows what the model would say after it. " +
        "Underlined tokens were produced by the model.",
      [],
      this.strip.element,
      sentence(header.sentence),
    );
    text.classList.add("is-wide");
    const picture = card(
      header.heading,
      header.about,
      [this.modes.element],
      this.grid.element,
      this.legendBox,
      this.layout.element,
    );
    return element(
      "main",
      { class: "board" },
      text,
      picture,
      this.readout.element,
      this.panelBox,
      provenance(header),
    );
  }

  private relay(state: State): void {
    this.grid.show(this.model(state), state.overview);
    this.grid.select(this.placeOf(state), false);
    const { scheme } = this.host.theme;
    this.legendBox.replaceChildren(
      legend(this.quantity(state), scheme, marksOf(this.cells.header)),
    );
  }

  private point(state: State, reveal: boolean): void {
    const shown = shownCell(state);
    const hover = sameCell(shown, state) ? null : shown;
    const chosen = this.cells.column(state.at);
    this.grid.select(this.placeOf(state), reveal);
    this.grid.setHover(hover && this.placeOf(hover));
    this.strip.mark({
      chosen,
      follows: chosen + 1,
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

/** What needs the grid laid out anew. */
const LAYOUT = ["mode", "finalOnTop", "inputRow", "overview"] as const;

/** The last position after the final layer: where the model says what comes. */
function initialState(header: LensHeader): State {
  return {
    at: header.positions.at(-1)!,
    layer: header.layers.at(-1)!,
    inside: false,
    pinned: false,
    hover: null,
    mode: header.opens_with,
    finalOnTop: true,
    inputRow: true,
    overview: false,
    panel: "",
  };
}

/** The part of an address that this picture can show: an old link may name what is not here. */
function permitted(cells: LensCells, initial: State, change: Partial<State>): Partial<State> {
  const { quantities } = cells.header;
  const { at, layer, inside, mode, ...rest } = { ...initial, ...change };
  const cell = { at, layer, inside };
  const hidden = layer === INPUT_LAYER && !rest.inputRow;
  return {
    ...rest,
    ...(cells.has(cell) && !hidden ? cell : {}),
    ...(quantities.some(({ name }) => name === mode) ? { mode } : {}),
  };
}

function marksOf(header: LensHeader): [style: string, meaning: string][] {
  return [
    ["is-ring", "the top token is the one that came next"],
    ...(header.produced.some(Boolean)
      ? [["is-produced", "produced by the model"] as [string, string]]
      : []),
  ];
}

function chipsOf(header: LensHeader) {
  return header.inputs.map((label, i) => ({
    label,
    tint: null,
    note: "",
    produced: header.produced[i]!,
    role: header.roles[i]!,
  }));
}
