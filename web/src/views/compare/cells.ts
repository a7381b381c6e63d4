import { percent, quantity as inUnits, rank } from "../../parts/format";
import type { GridModel } from "../../parts/heatmodel";
import { paintOf, shareOf, type Paint } from "../../parts/ramp";
import { points, signed, signedPaint, tenths } from "../../parts/signed";
import type { Scheme } from "../../parts/theme";
import type { ComparedQuantity, CompareHeader } from "../../spec/compare";
import { arrayOf, type Grid, type Spec } from "../../spec/spec";
import { ABSENT, bareSlotEdge, slotEdge } from "./slots";

/** Which of the three is shown: a run, or second minus first. */
export type Shown = "first" | "second" | "difference";

export interface Top {
  readonly label: string;
  readonly probability: number;
}

const RUNS: Readonly<Record<Shown, number>> = { first: 0, second: 1, difference: 2 };
/** The characters of a row's name, and the pixels for it: of layers, and of others. */
const LABELS = { layer: { most: 7 }, other: { most: 11, room: 88 } } as const;
/** More columns than this are drawn as an overview, without numbers in the cells. */
const FEW = 24;

/** The numbers of both runs by cell; rows and columns as in the arrays. */
export class ComparedCells {
  readonly header: CompareHeader;

  constructor(private readonly spec: Spec<CompareHeader>) {
    this.header = spec.header;
  }

  quantity(name: string): ComparedQuantity {
    return this.header.quantities.find((quantity) => quantity.name === name)!;
  }

  value(name: string, shown: Shown, row: number, col: number): number {
    return arrayOf(this.spec, name).at(RUNS[shown], row, col);
  }

  /** The candidates of a run, best first; none where the lens has none. */
  tops(run: 0 | 1, row: number, col: number): Top[] {
    const index = this.spec.arrays["top_index"];
    if (!index) return [];
    const probability = arrayOf(this.spec, "top_probability");
    return Array.from({ length: index.shape[3]! }, (_, k) => ({
      label: this.header.vocabulary[index.at(run, row, col, k)] ?? ABSENT,
      probability: probability.at(run, row, col, k),
    })).filter(({ probability: share }) => !Number.isNaN(share));
  }

  /** Whether both have a top token there, and not the same one. */
  differs(row: number, col: number): boolean {
    return this.spec.arrays["same_top"]?.at(row, col) === 0;
  }

  /** How far the residual states are apart; null where that can't be had. */
  get distance(): Grid | null {
    return this.spec.arrays["state_distance"] ?? null;
  }

  /** From the row that is drawn to the row in the arrays, and back. */
  flip(row: number): number {
    return this.header.upwards ? this.header.rows.length - 1 - row : row;
  }

  get isOverview(): boolean {
    return this.header.columns.same.length > FEW;
  }

  /** A number as it is printed; a difference with its sign. */
  told(name: string, shown: Shown, value: number): string {
    const { share, unit } = this.quantity(name);
    if (share && shown === "difference") return points(value);
    const text = this.bare(name, shown, value);
    return unit && !Number.isNaN(value) ? `${text} ${unit}` : text;
  }

  /** The same in short: without its unit, a difference of shares in points. */
  bare(name: string, shown: Shown, value: number): string {
    const isShare = this.quantity(name).share;
    if (name === "rank") return rankWords(value, shown === "difference");
    if (shown === "difference") return isShare ? signed(100 * value, "pt") : signed(value);
    return isShare ? percent(value) : inUnits(value);
  }

  model(name: string, shown: Shown, scheme: Scheme): GridModel {
    const { header } = this;
    const { columns } = header;
    const rowHeight = this.isOverview && header.rows.length > 80 ? 6 : 20;
    const every = Math.ceil(20 / rowHeight);
    const paint = this.painter(name, shown, scheme);
    const label: { most: number; room?: number } =
      LABELS[header.row_axis === "layer" ? "layer" : "other"];
    return {
      rows: header.rows.length,
      cols: columns.same.length,
      rowHeight,
      uncut: !header.vocabulary.length, // else some are tokens
      label: `${this.quantity(name).words}, ${header.rows.length} rows of ${columns.same.length}; arrow keys move.`,
      paint: (row, col) => paint(this.flip(row), col),
      text: (row, col) => this.text(name, shown, this.flip(row), col),
      ringed: (row, col) => this.differs(this.flip(row), col),
      rowLabel: (row) => (row % every ? "" : short(header.rows[this.flip(row)]!, label.most)),
      labelRoom: label.room,
      above: slotEdge(columns, header.column_axis),
      below: bareSlotEdge(columns),
    };
  }

  /** The paint of a cell; looked up once for a grid, whose cells are thousands. */
  private painter(
    name: string,
    shown: Shown,
    scheme: Scheme,
  ): (row: number, col: number) => Paint | null {
    const quantity = this.quantity(name);
    const { data, shape } = arrayOf(this.spec, name);
    const [rows, cols] = [shape[1]!, shape[2]!];
    const value = (row: number, col: number): number =>
      data[(RUNS[shown] * rows + row) * cols + col]!;
    if (shown !== "difference") {
      const ramp = quantity.strong === "low" ? "teal" : "clay";
      const scale = { ...quantity, ramp } as const;
      return (row, col) => paintOf(ramp, scheme, shareOf(scale, value(row, col)));
    }
    return (row, col) => {
      const gap = value(row, col);
      const share = Math.sqrt(Math.min(1, Math.abs(gap) / quantity.gap));
      return signedPaint(Math.sign(gap) * share, scheme);
    };
  }

  /** The difference, or where top tokens differ these; of one run its top token or its number. */
  private text(name: string, shown: Shown, row: number, col: number): string {
    const value = this.value(name, shown, row, col);
    if (shown !== "difference") {
      const [top] = this.tops(RUNS[shown] as 0 | 1, row, col);
      return top?.label ?? (Number.isNaN(value) ? "" : this.told(name, shown, value));
    }
    if (!Number.isNaN(value)) {
      return this.quantity(name).share ? tenths(100 * value) : this.bare(name, shown, value);
    }
    const [first, second] = ([0, 1] as const).map((run) => this.tops(run, row, col)[0]?.label);
    return first && second ? `${first}→${second}` : "";
  }
}

/** A rank, or by how many places two differ. */
function rankWords(value: number, isDifference: boolean): string {
  if (!isDifference || Number.isNaN(value)) return rank(Number.isNaN(value) ? 0 : value);
  if (value === 0) return "0";
  return (value > 0 ? "+" : "−") + rank(Math.abs(value));
}

function short(label: string, most: number): string {
  const characters = Array.from(label);
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : label;
}
