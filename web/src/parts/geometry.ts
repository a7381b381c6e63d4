/** Where the cells of a grid lie. Pixels; heads above, feet below and labels at the left stay put. */

export interface Geometry {
  readonly rows: number;
  readonly cols: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  /** Sizes of the fixed edges. */
  readonly left: number;
  readonly head: number;
  readonly foot: number;
}

export interface Place {
  readonly row: number;
  readonly col: number;
}

export interface Scroll {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The cells from..to (exclusive) on both axes. */
export interface Range {
  readonly firstRow: number;
  readonly endRow: number;
  readonly firstCol: number;
  readonly endCol: number;
}

export function fullSize(g: Geometry): Size {
  return {
    width: g.left + g.cols * g.cellWidth,
    height: g.head + g.rows * g.cellHeight + g.foot,
  };
}

/** The cells of which some part is inside a window of `view` at `scroll`. */
export function visibleRange(g: Geometry, scroll: Scroll, view: Size): Range {
  const wide = view.width - g.left;
  const high = view.height - g.head - g.foot;
  return {
    firstRow: clamp(Math.floor(scroll.y / g.cellHeight), 0, g.rows),
    endRow: clamp(Math.ceil((scroll.y + high) / g.cellHeight), 0, g.rows),
    firstCol: clamp(Math.floor(scroll.x / g.cellWidth), 0, g.cols),
    endCol: clamp(Math.ceil((scroll.x + wide) / g.cellWidth), 0, g.cols),
  };
}

/** The cell at a point of the window, or null over an edge or outside. */
export function placeAt(
  g: Geometry,
  scroll: Scroll,
  view: Size,
  x: number,
  y: number,
): Place | null {
  if (x < g.left || y < g.head || x >= view.width || y >= view.height - g.foot) return null;
  const row = Math.floor((y - g.head + scroll.y) / g.cellHeight);
  const col = Math.floor((x - g.left + scroll.x) / g.cellWidth);
  return row < g.rows && col < g.cols ? { row, col } : null;
}

/**
 * The scroll nearest to `scroll` at which a cell is seen, with its neighbours where there is room;
 * a cell far out of view is brought to the middle.
 */
export function scrollTo(g: Geometry, scroll: Scroll, view: Size, place: Place): Scroll {
  const wide = view.width - g.left;
  const high = view.height - g.head - g.foot;
  return {
    x: nearest(scroll.x, place.col * g.cellWidth, g.cellWidth, wide),
    y: nearest(scroll.y, place.row * g.cellHeight, g.cellHeight, high),
  };
}

/** Cells: more than a key moves the cursor by. */
const FAR = 10;

function nearest(from: number, start: number, size: number, room: number): number {
  const margin = room >= 3 * size ? size : 0;
  const [low, high] = [start + size + margin - room, start - margin];
  const near = clamp(from, low, Math.max(low, high));
  const far = Math.abs(near - from) > FAR * size;
  return Math.max(0, far ? start + (size - room) / 2 : near);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
