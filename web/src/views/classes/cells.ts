import type { Edge, GridModel } from "../../parts/heatmodel";
import { layerName } from "../../parts/layers";
import { valueText } from "../../parts/legend";
import { paintOf, shareOf } from "../../parts/ramp";
import type { Scheme } from "../../parts/theme";
import type { ClassesHeader } from "../../spec/classes";
import type { Quantity } from "../../spec/headers";
import { arrayOf, type Grid, type Spec } from "../../spec/spec";

/** The label that colours the tokens where it is each one's best. */
export const BEST = -1;
/** Probabilities of tokens below it are coloured, but not printed. */
const NEARLY_NONE = 0.005;

/** The numbers of a classifier: a layer by a label of the text, or by one of its tokens. */
export class ClassCells {
  readonly header: ClassesHeader;
  private readonly logit: Grid;
  private readonly probability: Grid;

  constructor(spec: Spec<ClassesHeader>) {
    this.header = spec.header;
    this.logit = arrayOf(spec, "logit");
    this.probability = arrayOf(spec, "probability");
  }

  /** What stands across: the labels of a text, or its tokens. */
  get columns(): readonly string[] {
    return this.header.row?.inputs ?? this.header.labels;
  }

  /** The rows of the picture, final layer on top, as rows of the arrays. */
  row(drawn: number): number {
    return this.header.layers.length - 1 - drawn;
  }

  value(quantity: Quantity, row: number, col: number, label: number): number {
    const numbers = quantity.name === "logit" ? this.logit : this.probability;
    const [at, which] = this.place(row, col, label);
    return numbers.at(row, at, which);
  }

  /** The label that a cell is about: its column's, the chosen one, or the best of its token. */
  labelOf(row: number, col: number, label: number): number {
    return this.place(row, col, label)[1];
  }

  /** A cell as all its labels, in the order of the header. */
  all(row: number, col: number): { label: string; logit: number; probability: number }[] {
    const at = this.header.row ? col : 0;
    return this.header.labels.map((label, i) => ({
      label,
      logit: this.logit.at(row, at, i),
      probability: this.probability.at(row, at, i),
    }));
  }

  private place(row: number, col: number, label: number): [number, number] {
    if (!this.header.row) return [0, col];
    return [col, label === BEST ? this.best(row, col) : label];
  }

  private best(row: number, at: number): number {
    const { labels } = this.header;
    let best = 0;
    for (let i = 1; i < labels.length; i++) {
      if (this.logit.at(row, at, i) > this.logit.at(row, at, best)) best = i;
    }
    return best;
  }
}

/** The classes as a heat grid, coloured by one quantity. */
export function classesModel(
  cells: ClassCells,
  quantity: Quantity,
  label: number,
  scheme: Scheme,
): GridModel {
  const { header } = cells;
  const across = header.row ? "tokens" : "labels";
  const edge: Edge = {
    name: header.row ? "read" : "",
    tone: header.row ? "ink" : "out",
    label: (col) => cells.columns[col]!,
    small: header.row ? (col) => String(header.row!.positions[col]!) : null,
    underlined: (col) => header.row?.produced[col] ?? false,
  };
  return {
    rows: header.layers.length,
    cols: cells.columns.length,
    label:
      `${header.heading}: ${header.layers.length} states by ${cells.columns.length} ${across}. ` +
      "Arrow keys move.",
    paint: (row, col) => {
      const value = cells.value(quantity, cells.row(row), col, label);
      return paintOf(quantity.ramp, scheme, shareOf(quantity, value));
    },
    text: (row, col) => {
      if (label === BEST && header.row) {
        return header.labels[cells.labelOf(cells.row(row), col, label)]!;
      }
      const value = cells.value(quantity, cells.row(row), col, label);
      // Of a hundred tokens most have next to nothing: the few that do stand out.
      if (header.row && quantity.name === "probability" && value < NEARLY_NONE) return "";
      return valueText(quantity, value);
    },
    ringed: () => false,
    rowLabel: (row) => layerName(header.layers[cells.row(row)]!),
    above: edge,
    below: edge,
  };
}
