import { card } from "../../parts/card";
import { element } from "../../parts/dom";
import { quantity } from "../../parts/format";
import { HeatGrid } from "../../parts/heatgrid";
import { NO_EDGE, readEdge, type GridModel } from "../../parts/heatmodel";
import { rampLegend } from "../../parts/legend";
import { paintOf } from "../../parts/ramp";
import type { Scheme } from "../../parts/theme";
import type { WalkHeader } from "../../spec/walk";
import { arrayOf, type Spec } from "../../spec/spec";
import type { Go } from "../placed";

/** Smaller changes have the palest colour. */
const LEAST = 0.01;
const ABOUT =
  "Every token's track through all blocks, from below; the stronger its colour, the more that " +
  "block changed that token's state: |after − before| / |before|, on a log scale.";

/** The x-ray: how much every block changes every state, prompt and output apart. */
export class Xray {
  readonly card: HTMLElement;
  private readonly grid: HeatGrid;
  private readonly readout = element("p", { class: "about", "aria-live": "polite" });
  private readonly key = element("div");
  private readonly most: number;

  constructor(
    private readonly spec: Spec<WalkHeader>,
    private readonly go: Go,
  ) {
    // Not spread into Math.max: of long texts there are more values than a call takes.
    let most = 0;
    for (const value of arrayOf(spec, "change").data) most = Math.max(most, value);
    this.most = most;
    const tell = (row: number, col: number): void => this.tell(this.layer(row), col);
    this.grid = new HeatGrid(this.model("light"), {
      hover: (place) => (place ? tell(place.row, place.col) : this.here()),
      choose: ({ row, col }) => this.open(row, col),
      move: ({ row, col }) => this.move(row, col),
      release: () => this.here(),
    });
    this.card = card(
      "X-ray of the whole stack",
      ABOUT,
      [],
      this.grid.element,
      this.key,
      this.readout,
    );
    this.card.classList.add("is-wide");
  }

  draw(scheme: Scheme): void {
    this.grid.show(this.model(scheme), this.spec.header.positions.length > 24);
    this.grid.recolour();
    this.key.replaceChildren(
      rampLegend(scheme, [`≤ ${LEAST}`, quantity(this.most)], [["teal", "right"]], "of its length"),
    );
    this.here(true);
  }

  dispose(): void {
    this.grid.dispose();
  }

  private model(scheme: Scheme): GridModel {
    const { header } = this.spec;
    const change = arrayOf(this.spec, "change");
    return {
      rows: header.n_layers,
      cols: header.positions.length,
      rowHeight: 16,
      label: "How much each block changed each token's state; arrow keys move.",
      paint: (row, col) => {
        return paintOf("teal", scheme, this.share(change.at(this.layer(row), col)));
      },
      text: (row, col) => change.at(this.layer(row), col).toFixed(2),
      uncut: true,
      ringed: (row, col) => this.layer(row) === header.layer && col === header.at,
      rowLabel: (row) => String(this.layer(row)),
      above: NO_EDGE,
      below: readEdge(header),
    };
  }

  /** 0..1 from LEAST to the largest, on a log scale. */
  private share(value: number): number {
    const whole = Math.log(Math.max(this.most, 2 * LEAST) / LEAST);
    return Math.max(0, Math.log(Math.max(value, LEAST) / LEAST) / whole);
  }

  /** The last block is on top. */
  private layer(row: number): number {
    return this.spec.header.n_layers - 1 - row;
  }

  /** The crossing that is walked through; scrolled to where that is wanted. */
  private here(reveal = false): void {
    const { at, layer, n_layers } = this.spec.header;
    this.grid.select({ row: n_layers - 1 - layer, col: at }, reveal);
    this.tell(layer, at);
  }

  private move(row: number, col: number): void {
    this.grid.select({ row, col }, true);
    this.tell(this.layer(row), col);
  }

  /** A crossing is walked through where Python can be asked for it. */
  private open(row: number, col: number): void {
    const { header } = this.spec;
    const [layer, at] = [this.layer(row), header.positions[col]!];
    if (this.go && !(layer === header.layer && at === header.at)) this.go({ at, layer });
    else this.move(row, col);
  }

  private tell(layer: number, at: number): void {
    const { header } = this.spec;
    const value = arrayOf(this.spec, "change").at(layer, at);
    const isHere = layer === header.layer && at === header.at;
    this.readout.replaceChildren(
      `Block ${layer} changed `,
      element("code", { class: "chip-in", dir: "ltr" }, header.inputs[at]!),
      ` (position ${at}) by ${quantity(value)} of its length. `,
      ...(isHere
        ? ["This is the crossing that is walked through above."]
        : this.go
          ? ["A click or Enter walks through it."]
          : [
              element("code", {}, `ct.walk(trace, at=${at}, layer=${layer})`),
              " walks through it.",
            ]),
    );
  }
}
