import { NO_EDGE, type GridModel } from "../../parts/heatmodel";
import { percent } from "../../parts/format";
import { headCode, headFound, headName, type HeadAt } from "../../parts/headcode";
import { paintOf } from "../../parts/ramp";
import type { Scheme } from "../../parts/theme";
import type { CompareAttentionHeader } from "../../spec/compare";
import { arraysOf, type Arrays, type Grid, type Spec } from "../../spec/spec";

export type { HeadAt } from "../../parts/headcode";

/** What heads are ranked by: over all tokens, or at the chosen one. */
export type RankedBy = "mean" | "token";

const PARTS = 65_535;
/** Pixels: of a few layers the rows are higher, beside the list of heads. */
const ROWS = { lowest: 18, highest: 32 } as const;
const HEIGHT = 480;
/** Room for "<0.01". */
const NARROWEST = 38;

const ARRAYS = ["variation", "largest", "rows", "place", "thumbnails"] as const;

/** Every head, with how much it differs between the two runs. */
export class PairHeads {
  readonly header: CompareAttentionHeader;
  private readonly arrays: Arrays<typeof ARRAYS>;

  constructor(spec: Spec<CompareAttentionHeader>) {
    this.header = spec.header;
    this.arrays = arraysOf(spec, ARRAYS);
  }

  /** (layer, head, S, S) the differences in small. */
  get thumbnails(): Grid {
    return this.arrays.thumbnails;
  }

  /** Total variation, 0..1: averaged over the paired tokens, or at one slot (NaN: not paired). */
  differs(at: HeadAt, by: RankedBy, slot: number): number {
    if (by === "mean") return this.arrays.variation.at(at.layer, at.head);
    const { at: sides } = this.header;
    if (sides[0][slot]! < 0 || sides[1][slot]! < 0) return NaN;
    return this.arrays.rows.at(at.layer, at.head, slot) / PARTS;
  }

  most(at: HeadAt): number {
    return this.arrays.largest.at(at.layer, at.head);
  }

  /** The row of a head's weights in the page; -1 where it has none. */
  place(at: HeadAt): number {
    return this.arrays.place.at(at.layer, at.head);
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
      rowHeight: Math.min(ROWS.highest, Math.max(ROWS.lowest, Math.floor(HEIGHT / layers.length))),
      narrowest: NARROWEST,
      uncut: true,
      label: `How much ${layers.length} layers of ${heads.length} heads differ; arrow keys move, Enter chooses.`,
      paint: (row, col) => paintOf("teal", scheme, Math.sqrt(value(row, col) / most)),
      text: (row, col) => bare(percent(value(row, col))),
      ringed: () => false,
      rowLabel: (row) => String(layers[row]!),
      above: { ...NO_EDGE, tone: "ink", name: "head", label: (col) => String(heads[col]!) },
      below: { ...NO_EDGE, tone: "ink" },
    };
  }
}

/** A percentage without its unit, which the card's words name. */
function bare(share: string): string {
  return share.replace(" %", "").replace(" ", "");
}
