import type { Candidate } from "../../parts/candidates";
import type { Clipped } from "../../parts/legend";
import type { Cell } from "./cell";
import type { LensHeader, Quantity } from "../../spec/headers";
import { arrayOf, type Grid, type Spec } from "../../spec/spec";
import type { Row } from "./rows";

/** The top-k arrays of one set of states: after each layer, or inside each. */
interface Tops {
  readonly index: Grid;
  readonly id: Grid;
  readonly probability: Grid;
  readonly logit: Grid;
}

const UNDEFINED_LABEL = "–";

/** The numbers of a lens by cell: a state (layer, inside) at a position. */
export class LensCells {
  readonly header: LensHeader;
  private readonly rowOf: ReadonlyMap<number, number>;
  private readonly colOf: ReadonlyMap<number, number>;
  private readonly after: Tops;
  private readonly within: Tops | null;

  constructor(private readonly spec: Spec<LensHeader>) {
    this.header = spec.header;
    this.rowOf = new Map(spec.header.layers.map((layer, i) => [layer, i]));
    this.colOf = new Map(spec.header.positions.map((at, i) => [at, i]));
    this.after = tops(spec, "");
    this.within = spec.header.inside ? tops(spec, "inside_") : null;
  }

  has(cell: Cell): boolean {
    if (cell.inside && (!this.within || cell.layer < 0)) return false;
    return this.rowOf.has(cell.layer) && this.colOf.has(cell.at);
  }

  /** The column of a position; -1 where the picture has none. */
  column(at: number): number {
    return this.colOf.get(at) ?? -1;
  }

  /** The quantity of a cell; NaN where it is undefined. */
  value(quantity: Quantity, cell: Cell): number {
    const [row, col] = this.place(cell);
    const tops = this.topsOf(cell);
    if (quantity.name === "probability") return tops.probability.at(row, col, 0);
    if (quantity.name === "logit") return tops.logit.at(row, col, 0);
    const value = arrayOf(this.spec, prefixOf(cell) + quantity.name).at(row, col);
    return quantity.name === "rank" && value === 0 ? NaN : value;
  }

  /** Whether a quantity has values off the ends of its scale: the input row often has. */
  clipped(quantity: Quantity, rows: readonly Row[]): Clipped {
    let [below, above] = [false, false];
    for (const row of rows) {
      for (const at of this.header.positions) {
        const value = this.value(quantity, { ...row, at });
        // Half a thousandth more than an end is its rounding to float32.
        below ||= value < quantity.low - 5e-4 * Math.abs(quantity.low);
        above ||= value > quantity.high + 5e-4 * Math.abs(quantity.high);
      }
    }
    return { below, above };
  }

  topLabel(cell: Cell): string {
    return this.label(this.topsOf(cell).index.at(...this.place(cell), 0));
  }

  /** Whether the cell's top token is the one that came next: by ids, for texts may be alike. */
  foretells(cell: Cell): boolean {
    const next = this.trueId(this.place(cell)[1]);
    return next >= 0 && this.topsOf(cell).id.at(...this.place(cell), 0) === next;
  }

  /** Whether the cell was checked in float32, and that puts another token on top. */
  changed(cell: Cell): boolean {
    if (!this.header.checked) return false;
    return arrayOf(this.spec, `${prefixOf(cell)}changed`).at(...this.place(cell)) === 1;
  }

  /** The token that float32 puts on top of a cell; null where that was not checked. */
  float32(cell: Cell): string | null {
    if (!this.header.checked) return null;
    const index = arrayOf(this.spec, `${prefixOf(cell)}float32_index`).at(...this.place(cell));
    return index < 0 ? null : this.label(index);
  }

  /** The k tokens of a cell, best first; undefined ones left out. */
  candidates(cell: Cell): Candidate[] {
    const [row, col] = this.place(cell);
    const { index, id, probability, logit } = this.topsOf(cell);
    const final = this.after.id.at(this.header.layers.length - 1, col, 0);
    const next = this.trueId(col);
    return Array.from({ length: this.header.k }, (_, j) => j)
      .filter((j) => id.at(row, col, j) >= 0)
      .map((j) => ({
        label: this.label(index.at(row, col, j)),
        probability: probability.at(row, col, j),
        logit: logit.at(row, col, j),
        isFinal: id.at(row, col, j) === final,
        isNext: id.at(row, col, j) === next,
      }));
  }

  /** The token that is right at a position: the one that came next, or that stands there. */
  private trueId(col: number): number {
    const { masked, input_ids, next_ids } = this.header;
    return (masked ? input_ids : next_ids)[col]!;
  }

  /** The label of the token whose rank and surprisal are given at a position. */
  target(at: number): string {
    return this.label(this.header.rank_of.target[this.column(at)]!);
  }

  private label(index: number): string {
    return this.header.vocabulary[index] ?? (this.header.partial ? "" : UNDEFINED_LABEL);
  }

  private place(cell: Cell): [number, number] {
    return [this.rowOf.get(cell.layer)!, this.colOf.get(cell.at)!];
  }

  private topsOf(cell: Cell): Tops {
    return cell.inside && this.within ? this.within : this.after;
  }
}

function prefixOf(cell: Cell): string {
  return cell.inside ? "inside_" : "";
}

function tops(spec: Spec, prefix: string): Tops {
  return {
    index: arrayOf(spec, `${prefix}top_index`),
    id: arrayOf(spec, `${prefix}top_id`),
    probability: arrayOf(spec, `${prefix}top_probability`),
    logit: arrayOf(spec, `${prefix}top_logit`),
  };
}
