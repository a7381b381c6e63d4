import type { Geometry, Place, Scroll, Size } from "./geometry";
import type { GridModel } from "./heatmodel";
import type { Palette } from "./theme";

/** Cells narrower than this carry no text, and their columns no labels. */
export const TEXT_WIDTH = 30;

/** All that one frame of a grid is drawn from. */
export interface Scene {
  readonly geometry: Geometry;
  readonly model: GridModel;
  readonly scroll: Scroll;
  readonly view: Size;
  readonly palette: Palette;
  readonly selected: Place | null;
  readonly hover: Place | null;
}

export type { Brush } from "./brush";

/** x, y, width, height of a cell in the window; edges on whole pixels so that none is blurred. */
export function boxOf(
  { geometry: g, scroll }: Scene,
  place: Place,
): [number, number, number, number] {
  const x = Math.round(place.col * g.cellWidth - scroll.x);
  const end = Math.round((place.col + 1) * g.cellWidth - scroll.x);
  const y = Math.round(place.row * g.cellHeight - scroll.y);
  return [g.left + x, g.head + y, end - x, g.cellHeight];
}
