import { INPUT_LAYER } from "../../parts/layers";
import type { State } from "../../parts/selection";
import type { LensHeader } from "../../spec/headers";
import type { LensCells } from "./cells";

/** The last position after the final layer: where the model says what comes. */
export function initialState(header: LensHeader): State {
  return {
    at: header.positions.at(-1)!,
    layer: header.layers.at(-1)!,
    inside: false,
    pinned: false,
    hover: null,
    mode: header.opens_with,
    // Ecco's rank grid of the tokens that came is read from the first block down.
    finalOnTop: header.rank_of.name !== "next",
    inputRow: true,
    overview: false,
    panel: "",
  };
}

/** The part of an address that this picture can show: an old link may name what is not here. */
export function permitted(
  cells: LensCells,
  initial: State,
  change: Partial<State>,
): Partial<State> {
  const { quantities } = cells.header;
  const { at, layer, inside, mode, ...rest } = { ...initial, ...change };
  const cell = { at, layer, inside };
  const hidden = layer === INPUT_LAYER && !rest.inputRow;
  return {
    ...rest,
    ...(cells.has(cell) && !hidden ? cell : {}),
    ...(quantities.some(({ name }) => name === mode) ? { mode } : {}),
  };
}
