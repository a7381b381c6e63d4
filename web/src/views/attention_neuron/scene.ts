import type { Scroll, Size } from "../../parts/geometry";
import type { Palette, Scheme } from "../../parts/theme";
import type { Cell, Layout } from "./layout";
import type { RowNumbers } from "./numbers";

/** All that one frame is drawn from. */
export interface Scene {
  readonly layout: Layout;
  readonly numbers: RowNumbers;
  readonly scroll: Scroll;
  readonly view: Size;
  readonly palette: Palette;
  readonly scheme: Scheme;
  /** The cell that is told, and whose inputs are framed. */
  readonly cell: Cell;
}
