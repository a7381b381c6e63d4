import { element } from "../../parts/dom";
import { HeatGrid } from "../../parts/heatgrid";
import type { GridModel } from "../../parts/heatmodel";
import { percent } from "../../parts/format";
import { paintOf } from "../../parts/ramp";
import type { Scheme } from "../../parts/theme";
import type { WalkHeader } from "../../spec/walk";
import { arrayOf, type Spec } from "../../spec/spec";
import { NO_EDGE } from "./cells";

/** The whole matrix of one head: every token's row, the mask and the softmax of all at once. */
export class Matrix {
  readonly element: HTMLElement;
  private readonly grid: HeatGrid;
  private readonly select: HTMLSelectElement;
  private readonly readout = element("p", { class: "about", "aria-live": "polite" });
  private scheme: Scheme = "light";

  constructor(
    private readonly spec: Spec<WalkHeader>,
    private readonly isMask: boolean,
    private head: number,
    changed: (head: number) => void,
  ) {
    const heads = arrayOf(spec, "all_weights").shape[0]!;
    this.select = element("select", { "aria-label": "Head" });
    for (let h = 0; h < heads; h++) {
      this.select.append(element("option", { value: h }, `head ${h}`));
    }
    this.select.value = String(head);
    this.select.addEventListener("change", () => {
      this.head = Number(this.select.value);
      changed(this.head);
      this.draw(this.scheme);
    });
    this.grid = new HeatGrid(this.model(), {
      hover: (place) => place && this.tell(place.row, place.col),
      choose: ({ row, col }) => this.point(row, col),
      move: ({ row, col }) => this.point(row, col),
      release: () => {},
    });
    const title = isMask ? "The mask of all tokens" : "The rows of all tokens";
    this.element = element(
      "section",
      { class: "walk-matrix" },
      element("h3", {}, title),
      isMask ? null : this.select,
      this.grid.element,
      this.readout,
    );
  }

  draw(scheme: Scheme): void {
    this.scheme = scheme;
    this.grid.show(this.model(), this.spec.header.positions.length > 12);
    this.grid.recolour();
    this.point(this.spec.header.at, this.spec.header.at);
  }

  dispose(): void {
    this.grid.dispose();
  }

  private weight(query: number, key: number): number {
    return (arrayOf(this.spec, "all_weights").at(this.head, query, key) / 255) ** 2;
  }

  private sees(query: number, key: number): boolean {
    return arrayOf(this.spec, "masked").at(query, key) === 0;
  }

  private model(): GridModel {
    const { inputs, at } = this.spec.header;
    const words = this.isMask ? "Mask" : `Weights of head ${this.head}`;
    const seen = (row: number, col: number): boolean => this.sees(row, col);
    return {
      rows: inputs.length,
      cols: inputs.length,
      label: `${words}: queries down, keys across; arrow keys move.`,
      paint: (row, col) => {
        if (!seen(row, col)) return null;
        return paintOf("clay", this.scheme, this.isMask ? 0.25 : Math.sqrt(this.weight(row, col)));
      },
      text: (row, col) => (seen(row, col) && !this.isMask ? percent(this.weight(row, col)) : ""),
      ringed: (row, col) => row === at && seen(row, col),
      rowLabel: (row) => inputs[row]!,
      labelRoom: 96,
      above: { ...NO_EDGE, label: (col) => inputs[col]! },
      below: NO_EDGE,
    };
  }

  private point(row: number, col: number): void {
    this.grid.select({ row, col }, false);
    this.tell(row, col);
  }

  private tell(query: number, key: number): void {
    const { inputs } = this.spec.header;
    const words = !this.sees(query, key)
      ? "is masked: it may not be seen"
      : this.isMask
        ? "may be seen"
        : `gets ${percent(this.weight(query, key))}`;
    this.readout.textContent = `From ${inputs[query]!}, ${inputs[key]!} ${words}.`;
  }
}
