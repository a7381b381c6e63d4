import { bareEdge, readEdge, type GridModel } from "../../parts/heatmodel";
import { neuronLabel } from "../../parts/neuronlabel";
import { paintOf, type Paint } from "../../parts/ramp";
import type { Scheme } from "../../parts/theme";
import type { NeuronsHeader } from "../../spec/headers";
import { arrayOf, type Spec } from "../../spec/spec";

/** Pixels for a label such as "expert 127 · 1407". */
const EXPERT_ROOM = 116;

/** A drawn neuron: how it is printed, and where its values stand in the arrays. */
export interface NeuronRow {
  readonly label: string;
  readonly place: number;
}

/** The neurons of a block that the page carries: the most active first, or in their order. */
export function neuronRows(
  spec: Spec<NeuronsHeader>,
  block: number,
  byActivity: boolean,
): NeuronRow[] {
  const [numbers, activity] = [arrayOf(spec, "neuron"), arrayOf(spec, "activity")];
  const rows = Array.from({ length: numbers.shape[1]! }, (_, place) => ({
    label: neuronLabel(spec, block, place),
    place,
  })).filter(({ place }) => numbers.at(block, place) >= 0);
  if (!byActivity) return rows;
  return rows.sort((a, b) => activity.at(block, b.place) - activity.at(block, a.place));
}

/** Neurons by tokens: clay for positive values, teal for negative ones, 0 is pale. */
export function neuronsModel(
  spec: Spec<NeuronsHeader>,
  block: number,
  rows: readonly NeuronRow[],
  signed: boolean,
  scheme: Scheme,
): GridModel {
  const { header } = spec;
  const values = arrayOf(spec, "activation");
  const most = largest(spec, block, rows) || 1;
  const paint = (value: number): Paint | null => {
    if (Number.isNaN(value)) return null;
    if (value < 0 && !signed) return paintOf("clay", scheme, 0);
    return paintOf(value < 0 ? "teal" : "clay", scheme, Math.sqrt(Math.abs(value) / most));
  };
  return {
    rows: rows.length,
    cols: header.positions.length,
    label: `${rows.length} neurons by ${header.positions.length} tokens; arrow keys move.`,
    paint: (row, col) => paint(values.at(block, rows[row]!.place, col)),
    text: (row, col) => {
      const value = values.at(block, rows[row]!.place, col);
      return value > 0 || signed ? short(value) : "";
    },
    uncut: true,
    ringed: () => false,
    rowLabel: (row) => rows[row]!.label,
    labelRoom: spec.arrays["expert"] ? EXPERT_ROOM : undefined,
    above: readEdge(header),
    below: bareEdge(header),
  };
}

/** The largest size of an activation among the drawn neurons of a block: the end of the scale. */
export function largest(
  spec: Spec<NeuronsHeader>,
  block: number,
  rows: readonly NeuronRow[],
): number {
  const values = arrayOf(spec, "activation");
  let most = 0;
  for (const { place } of rows) {
    for (let i = 0; i < spec.header.positions.length; i++) {
      most = Math.max(most, Math.abs(values.at(block, place, i)) || 0);
    }
  }
  return most;
}

function short(value: number): string {
  if (Number.isNaN(value)) return "";
  if (value === 0) return "0";
  // No minus before what is printed as nought.
  return value.toFixed(Math.abs(value) >= 10 ? 0 : 2).replace(/^-(?=[0.]+$)/, "");
}
