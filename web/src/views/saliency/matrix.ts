import { percent } from "../../parts/format";
import type { GridModel } from "../../parts/heatmodel";
import { paintOf } from "../../parts/ramp";
import type { Scheme } from "../../parts/theme";
import type { Shares } from "./shares";

const ROOM = 7;
/** More columns than this have no room for numbers. */
const FEW = 24;

/** Whether the matrix is drawn with narrow cells, as a whole. */
export function isOverview(shares: Shares): boolean {
  return shares.columns > FEW;
}

/** All targets at once: a row each, a column for every source; coloured up to the largest share. */
export function matrixModel(shares: Shares, largest: number, scheme: Scheme): GridModel {
  const { header, before, columns } = shares;
  const labels = [...(header.source?.inputs ?? []), ...header.inputs];
  const edge = {
    name: "read",
    tone: "ink",
    label: (col: number) => labels[col]!,
    small: before ? (col: number) => (col < before ? "source" : "target") : null,
    underlined: (col: number) => col >= before && header.produced[col - before]!,
  } as const;
  const share = (row: number, col: number): number => shares.shareAt(row, col);
  return {
    rows: header.targets.length,
    cols: columns,
    label: `Shares of ${columns} tokens in ${header.targets.length} targets`,
    paint: (row, col) => paintOf("clay", scheme, share(row, col) / largest),
    text: (row, col) => (Number.isNaN(share(row, col)) ? "" : percent(share(row, col))),
    uncut: true,
    ringed: () => false,
    rowLabel: (row) => short(header.explained[row]!),
    above: edge,
    below: { ...edge, small: null },
  };
}

/** As much of a label as there is room for beside the rows. */
function short(label: string): string {
  const characters = Array.from(label);
  return characters.length > ROOM ? `${characters.slice(0, ROOM - 1).join("")}…` : label;
}

/** The largest share of all targets; 1 where there is none. */
export function largestShare(shares: Shares): number {
  let largest = 0;
  for (const { data } of shares.values)
    for (const value of data) if (value > largest) largest = value;
  return largest || 1;
}
