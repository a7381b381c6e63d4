import type { HeatGrid } from "../../parts/heatgrid";
import type { Cell, Saved } from "../../parts/savepicture";
import { paletteOf } from "../../parts/theme";
import type { Calls } from "./called";

/** The grid of layers as it stands, and the experts that it shows. */
export function saved(calls: Calls, grid: HeatGrid, where: HTMLElement): Saved {
  const { header } = calls;
  return {
    name: "experts",
    sheet: {
      title: header.heading,
      words: [header.about],
      keys: [],
      plates: [{ caption: "Layers by tokens", plate: grid.plate() }],
      palette: paletteOf(where),
    },
    rows: () => rows(calls),
  };
}

function* rows(calls: Calls): Generator<Cell[]> {
  const { layers, positions, inputs } = calls.header;
  yield ["layer", "position", "token", "k", "expert", "probability", "weight"];
  for (let row = 0; row < layers.length; row++)
    for (let col = 0; col < positions.length; col++)
      for (const [k, { expert, score, weight }] of calls.at(row, col).entries())
        yield [layers[row]!, positions[col]!, inputs[col]!, k, expert, score, weight];
}
