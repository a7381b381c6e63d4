import { percent, quantity } from "../../parts/format";
import { bareEdge, readEdge, type GridModel } from "../../parts/heatmodel";
import { paintOf, type Paint } from "../../parts/ramp";
import type { Scheme } from "../../parts/theme";
import type { ExpertsHeader } from "../../spec/routing";
import type { Calls } from "./called";

export type Colour = "weight" | "entropy" | "expert";
export type Score = (col: number, expert: number) => number;

/** Pixels for a label such as "127 · 12.5 %". */
const EXPERT_ROOM = 92;
/** More experts than this get lower rows. */
const MANY = 16;
const LOW = 15;

/** Layers, the last on top, by tokens: the experts called. */
export function layersModel(
  calls: Calls,
  colour: Colour,
  expert: number,
  scheme: Scheme,
): GridModel {
  const { header } = calls;
  const { layers, positions, counts } = header;
  const rowOf = (row: number): number => layers.length - 1 - row;
  const paint = (row: number, col: number): Paint | null => {
    if (colour === "entropy") {
      return paintOf("teal", scheme, calls.entropy(row, col) / Math.log(counts[row]!));
    }
    const called = calls.at(row, col);
    if (!called.length) return null;
    const own = colour === "expert" ? calls.weightOf(expert, row, col) || 0 : called[0]!.weight;
    return paintOf("clay", scheme, own / calls.strongest);
  };
  const text = (row: number, col: number): string => {
    if (colour === "entropy") return quantity(calls.entropy(row, col));
    if (colour === "weight") return numbers(calls, row, col);
    const weight = calls.weightOf(expert, row, col);
    return Number.isNaN(weight) ? "" : quantity(weight);
  };
  return {
    rows: layers.length,
    cols: positions.length,
    label: `${layers.length} layers by ${positions.length} tokens; arrow keys move.`,
    paint: (row, col) => paint(rowOf(row), col),
    text: (row, col) => text(rowOf(row), col),
    uncut: colour !== "weight", // a list of experts may lack its end
    ringed: (row, col) => calls.passedOver(rowOf(row), col) > 0,
    rowLabel: (row) => String(layers[rowOf(row)]!),
    above: readEdge(header),
    below: bareEdge(header),
  };
}

/** The experts of a cell by number, the strongest first. */
export function numbers(calls: Calls, row: number, col: number): string {
  return calls
    .at(row, col)
    .map(({ expert }) => expert)
    .join(" ");
}

/** The experts of a layer by tokens: every score, ringed where the expert was called. */
export function expertsModel(
  calls: Calls,
  row: number,
  order: readonly number[],
  score: Score,
  scheme: Scheme,
): GridModel {
  const { header } = calls;
  const most = largest(header, order, score) || 1;
  const told = header.scores[row] === "softmax" ? percent : (value: number) => quantity(value);
  return {
    rows: order.length,
    cols: header.positions.length,
    ...(order.length > MANY ? { rowHeight: LOW } : {}),
    label: `${order.length} experts of layer ${header.layers[row]!} by ${header.positions.length} tokens; arrow keys move.`,
    paint: (place, col) => paintOf("clay", scheme, Math.sqrt(score(col, order[place]!) / most)),
    text: (place, col) => {
      const value = score(col, order[place]!);
      return Number.isNaN(value) ? "" : told(value);
    },
    uncut: true,
    ringed: (place, col) => !Number.isNaN(calls.weightOf(order[place]!, row, col)),
    rowLabel: (place) => `${order[place]!} · ${percent(calls.load(row, order[place]!))}`,
    labelRoom: EXPERT_ROOM,
    above: readEdge(header),
    below: bareEdge(header),
  };
}

/** The largest score of a layer: the end of its scale. */
export function largest(header: ExpertsHeader, order: readonly number[], score: Score): number {
  let most = 0;
  for (const expert of order)
    for (let col = 0; col < header.positions.length; col++) {
      const value = score(col, expert);
      if (value > most) most = value;
    }
  return most;
}
