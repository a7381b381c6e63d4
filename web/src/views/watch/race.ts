import { percent, rank } from "../../parts/format";
import type { GridModel } from "../../parts/heatmodel";
import { layerName } from "../../parts/layers";
import type { Chart } from "../../parts/lines";
import { paintOf, shareOf } from "../../parts/ramp";
import type { Scheme } from "../../parts/theme";
import type { Quantity } from "../../spec/headers";
import type { Grid } from "../../spec/spec";

/** Ranks and probabilities of tokens (columns) after layers (rows, ascending). */
export interface Race {
  readonly layers: readonly number[];
  readonly tokens: readonly string[];
  readonly rank: Pick<Grid, "at">;
  readonly probability: Pick<Grid, "at">;
  /** The worst rank there is. */
  readonly vocabulary: number;
}

/** The race as a heat table: the final layer on top. */
export function raceModel(race: Race, mode: string, scheme: Scheme): GridModel {
  const quantity = raceQuantity(race, mode);
  const last = race.layers.length - 1;
  const value = (row: number, col: number): number =>
    (mode === "rank" ? race.rank : race.probability).at(last - row, col);
  return {
    rows: race.layers.length,
    cols: race.tokens.length,
    label: `${quantity.words} of ${race.tokens.length} tokens after ${race.layers.length} states`,
    paint: (row, col) => paintOf(quantity.ramp, scheme, shareOf(quantity, value(row, col))),
    text: (row, col) => (mode === "rank" ? rank : percent)(value(row, col)),
    uncut: true,
    ringed: (row, col) => race.rank.at(last - row, col) === 1,
    rowLabel: (row) => layerName(race.layers[last - row]!),
    above: edgeOf(race, "watched", "out"),
    below: edgeOf(race, "", "ink"),
  };
}

/** The race as lines: rank on a log scale with 1 on top, or probability. */
export function raceChart(race: Race, mode: string): Chart {
  const values = mode === "rank" ? race.rank : race.probability;
  const worst = Math.log(Math.max(2, race.vocabulary));
  const powers = [1, 10, 100, 1000, 10_000, 100_000].filter((tick) => tick <= race.vocabulary);
  return {
    label: `${mode} of ${race.tokens.join(", ")} after each layer`,
    steps: race.layers.map(layerName),
    lines: race.tokens.map((label, i) => ({
      label,
      values: race.layers.map((_, row) => values.at(row, i)),
    })),
    place: mode === "rank" ? (value) => 1 - Math.log(value) / worst : (value) => value,
    ticks: mode === "rank" ? powers : [0, 0.25, 0.5, 0.75, 1],
    tick: mode === "rank" ? rank : percent,
  };
}

/** What the numbers are, and how they are coloured. */
export function raceQuantity(race: Race, mode: string): Quantity {
  const common = { unit: "", low: 0, high: 1 };
  if (mode !== "rank") {
    return {
      ...common,
      name: "probability",
      words: "Probability",
      scale: "linear",
      ramp: "clay",
      strong: "high",
    };
  }
  const high = Math.max(2, race.vocabulary);
  return {
    ...common,
    name: "rank",
    words: "Rank",
    scale: "log",
    low: 1,
    high,
    ramp: "teal",
    strong: "low",
  };
}

function edgeOf(race: Race, name: string, tone: "ink" | "out"): GridModel["above"] {
  return {
    name,
    tone,
    label: (col) => race.tokens[col]!,
    small: null,
    underlined: () => false,
  };
}
