import { percent, quantity } from "../../parts/format";
import type { Place } from "../../parts/geometry";
import type { GridModel } from "../../parts/heatmodel";
import { paintOf } from "../../parts/ramp";
import type { Scheme } from "../../parts/theme";
import type { AlignmentHeader } from "../../spec/headers";
import { arraysOf, type Arrays, type Spec } from "../../spec/spec";

/** The room for a target and the source token that it has most of. */
const LABEL_ROOM = 128;
const LONGEST = 8;

const ARRAYS = ["weight", "best", "back"] as const;

/** The numbers of an alignment, one matrix at a time. */
export class Matrices {
  readonly header: AlignmentHeader;
  private readonly arrays: Arrays<typeof ARRAYS>;

  constructor(spec: Spec<AlignmentHeader>) {
    this.header = spec.header;
    this.arrays = arraysOf(spec, ARRAYS);
  }

  get count(): number {
    return this.arrays.weight.shape[0]!;
  }

  at(layer: number, target: number, source: number): number {
    return this.arrays.weight.at(layer, target, source);
  }

  /** The source token with the most of a row; -1 for none. */
  best(layer: number, target: number): number {
    return this.arrays.best.at(layer, target);
  }

  /** The target token whose row has the most of a column; -1 for none. */
  back(layer: number, source: number): number {
    return this.arrays.back.at(layer, source);
  }

  /** The largest cell of a layer. */
  clearest(layer: number): Place {
    let [clearest, most] = [{ row: 0, col: 0 }, 0];
    for (let row = 0; row < this.header.targets.length; row++) {
      const col = this.best(layer, row);
      if (col < 0 || this.at(layer, row, col) <= most) continue;
      [clearest, most] = [{ row, col }, this.at(layer, row, col)];
    }
    return clearest;
  }

  /** What it holds; 1 where there is nothing. */
  largest(layer: number): number {
    const { row, col } = this.clearest(layer);
    return this.at(layer, row, col) || 1;
  }

  told(value: number): string {
    return this.header.unit === "1" ? percent(value) : quantity(value);
  }
}

/** Targets down, each with the source token that it has most of; sources across, as below them. */
export function alignmentModel(matrices: Matrices, layer: number, scheme: Scheme): GridModel {
  const { header } = matrices;
  const { inputs, explained, targets, positions, times } = header;
  const largest = matrices.largest(layer);
  const labelled = (labels: readonly string[], i: number): string => (i < 0 ? "–" : labels[i]!);
  const edge = { tone: "ink", underlined: () => false } as const;
  return {
    rows: targets.length,
    cols: inputs.length,
    label: `Alignment of ${targets.length} target tokens with ${inputs.length} ${partWord(header)}s; arrow keys move.`,
    paint: (row, col) => paintOf("clay", scheme, matrices.at(layer, row, col) / largest),
    text: (row, col) => matrices.told(matrices.at(layer, row, col)),
    uncut: true,
    ringed: (row, col) => matrices.best(layer, row) === col,
    rowLabel: (row) =>
      `${short(explained[row]!)} ← ${short(labelled(inputs, matrices.best(layer, row)))}`,
    labelRoom: LABEL_ROOM,
    above: {
      ...edge,
      name: times ? "sound" : "source",
      label: (col) => inputs[col]!,
      small: (col) => (times ? inputs[col]! : String(positions[col]!)),
    },
    below: {
      ...edge,
      name: "most in ↑",
      tone: "out",
      label: (col) => labelled(explained, matrices.back(layer, col)),
      small: null,
    },
  };
}

/** What stands along the source. */
export function partWord(header: AlignmentHeader): string {
  return header.times ? "frame" : "source token";
}

function short(label: string): string {
  const characters = Array.from(label);
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).join("")}…` : label;
}
