import { element } from "../../parts/dom";
import { HeatGrid, type GridHandlers } from "../../parts/heatgrid";
import type { Place } from "../../parts/geometry";
import type { GridModel } from "../../parts/heatmodel";
import { paintOf, type Paint } from "../../parts/ramp";
import { signedPaint, tenths } from "../../parts/signed";
import type { Scheme } from "../../parts/theme";
import type { CompareAttentionHeader } from "../../spec/compare";
import { told } from "../attention/weights";
import { bareSlotEdge, slotEdge, slotName } from "../compare/slots";
import type { PairWeights } from "./weights";

const LABEL = 7;
/** More slots than this are drawn as an overview, without numbers in the cells. */
const FEW = 24;
const ROWS = { worded: 20, overview: 6, dense: 3 } as const;

/** One head as matrices that are chosen together: its difference, or both runs side by side. */
export class Matrices {
  readonly element = element("div", { class: "matrices" });
  private grids: HeatGrid[] = [];
  private form = "";

  constructor(
    private readonly header: CompareAttentionHeader,
    private readonly handlers: GridHandlers,
  ) {}

  show(weights: PairWeights, form: string, scheme: Scheme, place: Place): void {
    const models = this.models(weights, form, scheme);
    const another = this.form !== form;
    if (another) this.build(models, form);
    const overview = weights.keys > FEW;
    this.grids.forEach((grid, i) => grid.show(models[i]!, overview));
    // New grids open where the chosen cell is; another head is shown where the last one was.
    this.select(place, another);
  }

  select(place: Place, reveal: boolean): void {
    for (const grid of this.grids) grid.select(place, reveal);
  }

  hover(place: Place | null): void {
    for (const grid of this.grids) grid.setHover(place);
  }

  recolour(): void {
    for (const grid of this.grids) grid.recolour();
  }

  dispose(): void {
    for (const grid of this.grids) grid.dispose();
  }

  private build(models: readonly GridModel[], form: string): void {
    this.dispose();
    this.form = form;
    this.grids = models.map((model) => new HeatGrid(model, this.handlers));
    const names = form === "difference" ? [this.minus()] : this.header.names;
    this.element.replaceChildren(
      ...this.grids.map((grid, i) =>
        element("figure", {}, element("figcaption", {}, names[i]!), grid.element),
      ),
    );
    this.element.classList.toggle("is-single", this.grids.length === 1);
    this.link();
  }

  private minus(): string {
    return `${this.header.names[1]} minus ${this.header.names[0]}`;
  }

  /** What is scrolled in one matrix is scrolled in the other. */
  private link(): void {
    for (const grid of this.grids) {
      grid.element.addEventListener("scroll", () => {
        const { scrollLeft, scrollTop } = grid.element;
        for (const { element: other } of this.grids) {
          if (other.scrollLeft !== scrollLeft) other.scrollLeft = scrollLeft;
          if (other.scrollTop !== scrollTop) other.scrollTop = scrollTop;
        }
      });
    }
  }

  private models(weights: PairWeights, form: string, scheme: Scheme): GridModel[] {
    const value = (run: 0 | 1) => (row: number, col: number) => weights.at(run, row, col);
    const share = (weight: number): Paint | null => paintOf("clay", scheme, Math.sqrt(weight));
    if (form === "sides") {
      return ([0, 1] as const).map((run) =>
        this.model(this.header.names[run], value(run), share, told),
      );
    }
    const gap = (row: number, col: number): number => weights.difference(row, col);
    const paint = (size: number): Paint | null =>
      signedPaint(Math.sign(size) * Math.sqrt(Math.abs(size)), scheme);
    return [this.model(this.minus(), gap, paint, (share) => tenths(100 * share))];
  }

  private model(
    name: string,
    value: (row: number, col: number) => number,
    paint: (value: number) => Paint | null,
    text: (value: number) => string,
  ): GridModel {
    const { header } = this;
    const keys = header.keys ?? header;
    const [count, across] = [header.same.length, keys.same.length];
    const many = Math.max(count, across);
    const rowHeight = many <= FEW ? ROWS.worded : many > 200 ? ROWS.dense : ROWS.overview;
    const every = Math.ceil(ROWS.worded / rowHeight);
    return {
      rows: count,
      cols: across,
      rowHeight,
      uncut: true,
      label: `Attention of ${count} tokens on ${across} tokens, ${name}; arrow keys move.`,
      paint: (row, col) => paint(value(row, col)),
      text: (row, col) => (Number.isNaN(value(row, col)) ? "" : text(value(row, col))),
      ringed: () => false,
      rowLabel: (row) => (row % every === 0 ? short(slotName(header, row)) : ""),
      above: slotEdge(keys, "key"),
      below: bareSlotEdge(keys),
    };
  }
}

function short(label: string): string {
  const characters = Array.from(label);
  return characters.length > LABEL ? `${characters.slice(0, LABEL - 1).join("")}…` : label;
}
