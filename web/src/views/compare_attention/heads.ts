import { NO_EDGE, type GridModel } from "../../parts/heatmodel";
import { percent } from "../../parts/format";
import { headCode, headFound, headName, type HeadAt } from "../../parts/headcode";
import { paintOf } from "../../parts/ramp";
import type { Scheme } from "../../parts/theme";
import type { CompareAttentionHeader } from "../../spec/compare";
import { arrayOf, type Grid, type Spec } from "../../spec/spec";

export type { HeadAt } from "../../parts/headcode";

/** What heads are ranked by: over all tokens, or at the chosen one. */
export type RankedBy = "mean" | "token";

const PARTS = 65_535;

/** Every head, with how much it differs between the two runs. */
export class PairHeads {
  readonly header: CompareAttentionHeader;
  readonly thumbnails: Grid;
  private readonly variation: Grid;
  private readonly largest: Grid;
  private readonly rows: Grid;
  private readonly places: Grid;

  constructor(spec: Spec<CompareAttentionHeader>) {
    this.header = spec.header;
    this.thumbnails = arrayOf(spec, "thumbnails");
    this.variation = arrayOf(spec, "variation");
    this.largest = arrayOf(spec, "largest");
    this.rows = arrayOf(spec, "rows");
    this.places = arrayOf(spec, "place");
  }

  /** Total variation, 0..1: averaged over the paired tokens, or at one slot (NaN: not paired). */
  differs(at: HeadAt, by: RankedBy, slot: number): number {
    if (by === "mean") return this.variation.at(at.layer, at.head);
    const { at: sides } = this.header;
    if (sides[0][slot]! < 0 || sides[1][slot]! < 0) return NaN;
    return this.rows.at(at.layer, at.head, slot) / PARTS;
  }

  most(at: HeadAt): number {
    return this.largest.at(at.layer, at.head);
  }

  /** The row of a head's weights in the page; -1 where it has none. */
  place(at: HeadAt): number {
    return this.places.at(at.layer, at.head);
  }

  /** All heads, those that differ most first. */
  ranked(by: RankedBy, slot: number): HeadAt[] {
    const all = this.header.layers.flatMap((_, layer) =>
      this.header.heads.map((_, head) => ({ layer, head })),
    );
    const score = (at: HeadAt): number => this.differs(at, by, slot) || 0;
    return all.sort((a, b) => score(b) - score(a));
  }

  name(at: HeadAt): string {
    return headName(this.header, at);
  }

  /** As it stands in the address: "9.3". */
  code(at: HeadAt): string {
    return headCode(this.header, at);
  }

  find(code: string): HeadAt | null {
    return headFound(this.header, code);
  }

  /** Layers down, heads across; shaded by the square root of how much each differs. */
  model(by: RankedBy, slot: number, scheme: Scheme): GridModel {
    const { layers, heads } = this.header;
    const value = (row: number, col: number): number =>
      this.differs({ layer: row, head: col }, by, slot);
    const most = this.differs(this.ranked(by, slot)[0]!, by, slot) || 1;
    return {
      rows: layers.length,
      cols: heads.length,
      rowHeight: 18,
      uncut: true,
      label: `How much ${layers.length} layers of ${heads.length} heads differ; arrow keys move, Enter chooses.`,
      paint: (row, col) => paintOf("teal", scheme, Math.sqrt(value(row, col) / most)),
      text: (row, col) => percent(value(row, col)),
      ringed: () => false,
      rowLabel: (row) => String(layers[row]!),
      above: { ...NO_EDGE, tone: "ink", name: "head", label: (col) => String(heads[col]!) },
      below: { ...NO_EDGE, tone: "ink" },
    };
  }
}
