import { element } from "../../parts/dom";
import { HeatGrid } from "../../parts/heatgrid";
import { NO_EDGE, type GridModel } from "../../parts/heatmodel";
import { percent } from "../../parts/format";
import { paintOf } from "../../parts/ramp";
import type { Scheme } from "../../parts/theme";
import type { WalkHeader } from "../../spec/walk";
import { arrayOf, type Spec } from "../../spec/spec";

/** Which whole matrix: where each token may look, how it does, or how it looks at the source. */
export type Whole = "masked" | "all_weights" | "all_cross_weights";

const TITLES: Readonly<Record<Whole, string>> = {
  masked: "The mask of all tokens",
  all_weights: "The rows of all tokens",
  all_cross_weights: "The rows of all tokens, on the source",
};

/** The whole matrix of one head: every token's row, the mask and the softmax of all at once. */
export class Matrix {
  readonly element: HTMLElement;
  private readonly grid: HeatGrid;
  private readonly select = element("select", { "aria-label": "Head" });
  private readonly readout = element("p", { class: "about", "aria-live": "polite" });
  private scheme: Scheme = "light";

  constructor(
    private readonly spec: Spec<WalkHeader>,
    private readonly whole: Whole,
    private head: number,
    changed: (head: number) => void,
  ) {
    if (!this.isMask) this.choose(changed);
    this.grid = new HeatGrid(this.model(), {
      hover: (place) => place && this.tell(place.row, place.col),
      choose: ({ row, col }) => this.point(row, col),
      move: ({ row, col }) => this.point(row, col),
      release: () => {},
    });
    this.element = element(
      "section",
      { class: "walk-matrix" },
      element("h3", {}, TITLES[whole]),
      this.isMask ? null : this.select,
      this.grid.element,
      this.readout,
    );
  }

  draw(scheme: Scheme): void {
    this.scheme = scheme;
    this.grid.show(this.model(), Math.max(this.keys.length, this.queries.length) > 12);
    this.grid.recolour();
    this.point(this.spec.header.at, this.opens(), false);
  }

  /** Scrolls to the row of the position that is followed, once it is on the page. */
  reveal(): void {
    const place = { row: this.spec.header.at, col: this.opens() };
    requestAnimationFrame(() => this.grid.select(place, true)); // the grid has its size by then
  }

  /** The key that is picked first: the position itself, or what it looks at most in the source. */
  private opens(): number {
    const { at } = this.spec.header;
    if (this.whole !== "all_cross_weights") return at;
    const shares = this.keys.map((_, key) => this.weight(at, key));
    return shares.indexOf(Math.max(...shares));
  }

  dispose(): void {
    this.grid.dispose();
  }

  private choose(changed: (head: number) => void): void {
    const heads = arrayOf(this.spec, this.whole).shape[0]!;
    for (let h = 0; h < heads; h++) {
      this.select.append(element("option", { value: h }, `head ${h}`));
    }
    this.head = Math.min(this.head, heads - 1);
    this.select.value = String(this.head);
    this.select.addEventListener("change", () => {
      this.head = Number(this.select.value);
      changed(this.head);
      this.draw(this.scheme);
    });
  }

  private get isMask(): boolean {
    return this.whole === "masked";
  }

  private get queries(): readonly string[] {
    return this.spec.header.inputs;
  }

  private get keys(): readonly string[] {
    const { source, inputs } = this.spec.header;
    return this.whole === "all_cross_weights" ? source!.inputs : inputs;
  }

  private weight(query: number, key: number): number {
    return (arrayOf(this.spec, this.whole).at(this.head, query, key) / 255) ** 2;
  }

  private sees(query: number, key: number): boolean {
    if (this.whole === "all_cross_weights" || !this.spec.arrays["masked"]) return true;
    return arrayOf(this.spec, "masked").at(query, key) === 0;
  }

  private model(): GridModel {
    const { queries, keys } = this;
    const { at } = this.spec.header;
    const words = this.isMask ? "Mask" : `Weights of head ${this.head}`;
    const seen = (row: number, col: number): boolean => this.sees(row, col);
    return {
      rows: queries.length,
      cols: keys.length,
      label: `${words}: queries down, keys across; arrow keys move.`,
      paint: (row, col) => {
        if (!seen(row, col)) return null;
        return paintOf("clay", this.scheme, this.isMask ? 0.25 : Math.sqrt(this.weight(row, col)));
      },
      text: (row, col) => (seen(row, col) && !this.isMask ? percent(this.weight(row, col)) : ""),
      uncut: true,
      ringed: (row, col) => row === at && seen(row, col),
      rowLabel: (row) => queries[row]!,
      labelRoom: 96,
      above: { ...NO_EDGE, label: (col) => keys[col]! },
      below: NO_EDGE,
    };
  }

  private point(row: number, col: number, reveal = true): void {
    this.grid.select({ row, col }, reveal);
    this.tell(row, col);
  }

  private tell(query: number, key: number): void {
    const words = !this.sees(query, key)
      ? "is masked: it may not be seen"
      : this.isMask
        ? "may be seen"
        : `gets ${percent(this.weight(query, key))}`;
    this.readout.textContent = `From ${this.queries[query]!}, ${this.keys[key]!} ${words}.`;
  }
}
