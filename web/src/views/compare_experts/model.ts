import { percent, quantity } from "../../parts/format";
import type { GridModel } from "../../parts/heatmodel";
import { paintOf, type Paint } from "../../parts/ramp";
import { signed, signedPaint } from "../../parts/signed";
import type { Scheme } from "../../parts/theme";
import { bareSlotEdge, slotEdge } from "../compare/slots";
import type { Routed, Routes, Run } from "./routes";

/** What colours a cell: how far apart the two are, either run's strongest, or one expert. */
export type Colour = "difference" | "first" | "second" | "expert";

const RUNS = { first: 0, second: 1 } as const;
const NONE = "∅";
/** Characters that the narrowest cell has room for. */
const ROOM = 8;

/** Layers, the last on top, by slots. */
export function routesModel(
  routes: Routes,
  colour: Colour,
  expert: number,
  scheme: Scheme,
): GridModel {
  const { header } = routes;
  const { layers, same } = header;
  const rowOf = (row: number): number => layers.length - 1 - row;
  const paint = painter(routes, colour, expert, scheme);
  return {
    rows: layers.length,
    cols: same.length,
    uncut: true,
    label: `${layers.length} layers by ${same.length} tokens; arrow keys move.`,
    paint: (row, col) => paint(rowOf(row), col),
    text: (row, col) => text(routes, colour, expert, rowOf(row), col),
    ringed: (row, col) => routes.differs(rowOf(row), col),
    rowLabel: (row) => String(layers[rowOf(row)]!),
    above: slotEdge(header, "token"),
    below: bareSlotEdge(header),
  };
}

function painter(
  routes: Routes,
  colour: Colour,
  expert: number,
  scheme: Scheme,
): (row: number, col: number) => Paint | null {
  if (colour === "difference")
    return (row, col) => paintOf("teal", scheme, Math.sqrt(routes.variation(row, col)));
  if (colour === "expert")
    return (row, col) => {
      const gap = gapOf(routes, expert, row, col);
      return signedPaint(Math.sign(gap) * Math.sqrt(Math.abs(gap) / routes.strongest), scheme);
    };
  const run = RUNS[colour];
  return (row, col) => {
    const [best] = routes.called(run, row, col);
    return best ? paintOf("clay", scheme, best.weights[run] / routes.strongest) : null;
  };
}

/** How much more an expert weighs in the second run. */
function gapOf(routes: Routes, expert: number, row: number, col: number): number {
  const [first, second] = routes.weightsOf(expert, row, col);
  return second - first;
}

/** What a cell says in its colour. */
function text(routes: Routes, colour: Colour, expert: number, row: number, col: number): string {
  if (colour === "difference") return brief(routes, row, col);
  if (colour !== "expert") return strongest(routes.called(RUNS[colour], row, col));
  const gap = gapOf(routes, expert, row, col);
  return gap ? signed(gap) : "";
}

/** The experts that changed, or where these are many the share of the weight. */
function brief(routes: Routes, row: number, col: number): string {
  const experts = changed(routes, row, col);
  return experts.length > ROOM ? percent(routes.variation(row, col)) : experts;
}

/** The experts called, or where these are many the strongest and how many more: "21 +3". */
export function strongest(called: readonly Routed[]): string {
  const all = numbers(called);
  return all.length > ROOM ? `${called[0]!.expert} +${called.length - 1}` : all;
}

/** Those that only the first called, and those that only the second did. */
export function changed(routes: Routes, row: number, col: number): string {
  if (Number.isNaN(routes.shared(row, col))) return "";
  const only = (run: Run): Routed[] =>
    routes.called(run, row, col).filter(({ weights }) => !weights[1 - run]);
  const [left, came] = [numbers(only(0)), numbers(only(1))];
  return left || came ? `${left || NONE} → ${came || NONE}` : "";
}

/** Experts by number. */
export function numbers(experts: readonly Routed[]): string {
  return experts.map(({ expert }) => expert).join(" ");
}

/** A score in print: a share of 1 in percent. */
export function scoreWords(function_: string, value: number): string {
  return function_ === "softmax" ? percent(value) : quantity(value);
}
