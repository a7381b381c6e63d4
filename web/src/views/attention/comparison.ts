import { card } from "../../parts/card";
import { element } from "../../parts/dom";
import type { Place } from "../../parts/geometry";
import { HeatGrid } from "../../parts/heatgrid";
import { savePicture } from "../../parts/savepicture";
import { signedLegend } from "../../parts/signed";
import { paletteOf } from "../../parts/theme";
import type { Context } from "./context";
import type { HeadAt } from "./heads";
import { differenceModel, emptyModel, isOverview } from "./matrix";
import { HeadPane } from "./pane";
import { origin, weightRows } from "./saving";
import type { Strand } from "./strands";
import { sideOf, type Token } from "./tokens";
import { told, toldDifference, type HeadWeights } from "./weights";

const ABOUT =
  "Both heads on one scale, and the second less the first in percentage points: teal where the " +
  "second has more, clay where the first has; printed numbers have their sign.";
const SHADING = "difference of the weights, shaded by its square root";

interface Side {
  readonly pane: HeadPane;
  readonly title: HTMLElement;
  weights: HeadWeights | null;
  strand: Strand | null;
}

/** Two pinned heads beside each other, and their difference. */
export class Comparison {
  readonly card: HTMLElement;
  private readonly sides: readonly [Side, Side];
  private readonly difference: HeatGrid;
  private readonly legend = element("div");
  private readonly told = element("p", { class: "about", "aria-live": "polite" });
  private cell: Place = { row: 0, col: 0 };

  constructor(
    private readonly context: Context,
    hover: (token: Token | null) => void,
  ) {
    this.sides = [this.side(hover), this.side(hover)];
    this.difference = new HeatGrid(emptyModel(), {
      hover: (place) => this.point(place),
      choose: (place) => this.choose(place),
      move: (place) => this.choose(place),
      release: () => context.focus.release(),
    });
    const panes = this.sides.map(({ pane, title }) => element("div", {}, title, pane.element));
    const title = element("h3", {}, "Second less first");
    const third = element("div", {}, title, this.difference.element, this.legend);
    this.card = card(
      "Two heads compared",
      ABOUT,
      [savePicture(() => this.saved())],
      this.abreast([...panes, third]),
      this.told,
    );
    this.card.classList.add("is-wide");
    this.card.hidden = true;
  }

  /** Draws both as far as they are here; nothing where no second head is pinned. */
  show(): void {
    const { context } = this;
    const { versus, head } = context;
    this.card.hidden = versus === null;
    if (!versus) return;
    [versus, head].forEach((at, i) => this.showSide(this.sides[i]!, at));
    const [first, second] = this.sides.map(({ weights }) => weights);
    if (first && second) {
      const less = (row: number, col: number): number => second.at(row, col) - first.at(row, col);
      const { header, scheme } = context;
      const model = differenceModel(header, less, scheme);
      this.difference.show(model, isOverview(header));
    }
    const names = ["the first", "the second"] as const;
    this.legend.replaceChildren(signedLegend(names, "100", SHADING, context.scheme));
    this.point(null);
  }

  focus(tokens: readonly Token[] | null, cursor: Token): void {
    for (const { pane } of this.sides) pane.focus(tokens, cursor, true);
    if (cursor.side === "query") this.cell = { ...this.cell, row: cursor.at };
    else this.cell = { ...this.cell, col: cursor.at };
    this.difference.select(this.cell, true);
    this.point(null);
  }

  hover(token: Token | null): void {
    for (const { pane } of this.sides) pane.hover(token);
  }

  recolour(): void {
    for (const { pane } of this.sides) pane.recolour();
    this.difference.recolour();
  }

  dispose(): void {
    for (const { pane } of this.sides) pane.dispose();
    this.difference.dispose();
  }

  /** The three beside each other; where one is scrolled, those of its form are. */
  private abreast(panes: readonly HTMLElement[]): HTMLElement {
    const worded = !isOverview(this.context.header);
    const box = element("div", { class: worded ? "compared is-worded" : "compared" }, ...panes);
    const scroll = ({ target }: Event): void => {
      if (!(target instanceof HTMLElement)) return;
      for (const grid of box.querySelectorAll(".grid")) {
        if (grid.className === target.className) grid.scrollTo(target.scrollLeft, target.scrollTop);
      }
    };
    box.addEventListener("scroll", scroll, { capture: true, passive: true });
    return box;
  }

  private side(hover: (token: Token | null) => void): Side {
    const { header, focus } = this.context;
    const pane = new HeadPane(header, {
      hover,
      choose: (token, add) => focus.choose(token, add),
      move: (token) => focus.move(token),
      release: () => focus.release(),
      cell: (place) => this.point(place),
    });
    return { pane, title: element("h3"), weights: null, strand: null };
  }

  private showSide(side: Side, at: HeadAt): void {
    const { context } = this;
    const name = context.heads.name(at);
    side.title.textContent = name;
    side.weights = context.weights(at);
    side.strand = null;
    if (!side.weights) {
      if (!context.store.has(at) || context.store.problem(at))
        side.pane.showWords(...context.absence([at]));
    } else if (context.choices.get("form") === "matrix") {
      side.pane.showMatrix(context.matrix(side.weights));
    } else {
      const ink = { colour: paletteOf(this.card).accent, dash: [] };
      side.strand = context.strand(name, side.weights, ink).strand;
      const { block, focus } = context;
      side.pane.showLines({ strands: [side.strand], block, focus: focus.tokens });
    }
  }

  private choose(place: Place): void {
    this.cell = place;
    this.context.focus.move({ side: "query", at: place.row });
    this.difference.select(place, true);
    this.point(place);
  }

  /** Marks a cell in all three, and tells its numbers; the chosen one's where none is pointed at. */
  private point(place: Place | null): void {
    for (const { pane } of this.sides) pane.point(place);
    this.difference.setHover(place);
    const [first, second] = this.sides.map(({ weights }) => weights);
    const { row, col } = place ?? this.cell;
    const { header } = this.context;
    if (!first || !second) this.told.textContent = "";
    else {
      const [a, b] = [first.at(row, col), second.at(row, col)];
      const [query, key] = [header.inputs[row]!, sideOf(header, "key")[col]!];
      this.told.textContent = Number.isNaN(a)
        ? `${query} could not see ${key}`
        : `${query} on ${key}: ${told(a)}, then ${told(b)}: ${toldDifference(b - a)} points`;
    }
  }

  private saved(): ReturnType<Parameters<typeof savePicture>[0]> {
    const { context } = this;
    const { header, heads, block } = context;
    const both = [context.versus!, context.head] as const;
    const names = both.map((at) => heads.name(at));
    const plates = this.sides
      .filter(({ weights }) => weights)
      .map(({ pane, title }) => ({ caption: title.textContent, plate: pane.plate() }));
    const third = { caption: "Second less first", plate: this.difference.plate() };
    const shown = both.flatMap((at, i) => {
      const { weights, strand } = this.sides[i]!;
      return weights ? [{ at, weights, strand }] : [];
    });
    return {
      name: `attention-${both.map((at) => heads.code(at)).join("-against-")}`,
      sheet: {
        title: `${header.heading}: ${names.join(" against ").toLowerCase()}`,
        words: [ABOUT, this.told.textContent, ...origin(header)],
        keys: [],
        plates: [...plates, third],
        palette: paletteOf(this.card),
      },
      rows: () => weightRows(header, shown, block, context.focus.tokens),
    };
  }
}
