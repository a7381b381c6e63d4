import type { GridModel } from "../../parts/heatmodel";
import { paintOf, type Paint } from "../../parts/ramp";
import type { Scheme } from "../../parts/theme";
import type { NeuronsHeader } from "../../spec/headers";
import { arrayOf, type Spec } from "../../spec/spec";

/** A drawn neuron: its number, and where its values stand in the arrays. */
export interface NeuronRow {
  readonly neuron: number;
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
    neuron: numbers.at(block, place),
    place,
  })).filter(({ neuron }) => neuron >= 0);
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
  const top = rows.map(({ place }) =>
    largest(header.positions.length, (i) => values.at(block, place, i)),
  );
  const most = Math.max(...top, Number.MIN_VALUE);
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
    ringed: () => false,
    rowLabel: (row) => String(rows[row]!.neuron),
    above: edge(header, "read", true),
    below: edge(header, "", false),
  };
}

function edge(header: NeuronsHeader, name: string, small: boolean): GridModel["above"] {
  return {
    name,
    tone: "ink",
    label: (col) => header.inputs[col]!,
    small: small ? (col) => String(header.positions[col]!) : null,
    underlined: (col) => header.produced[col]!,
  };
}

function largest(count: number, at: (i: number) => number): number {
  let most = 0;
  for (let i = 0; i < count; i++) most = Math.max(most, Math.abs(at(i)) || 0);
  return most;
}

function short(value: number): string {
  return Number.isNaN(value) ? "" : value.toFixed(Math.abs(value) >= 10 ? 0 : 2);
}
