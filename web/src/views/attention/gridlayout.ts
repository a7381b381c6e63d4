import type { HeadAt } from "./heads";

/** Where a head's thumbnail lies. */
export interface Box {
  readonly at: HeadAt;
  readonly x: number;
  readonly y: number;
}

/** Thumbnails of one size: `across` of them make a row. */
export interface Layout {
  readonly boxes: readonly Box[];
  readonly size: number;
  readonly across: number;
  readonly width: number;
  readonly height: number;
}

export const GAP = 3;
export const LABELS = { left: 26, top: 16, between: 14 } as const;
/** Pixels of a thumbnail. */
const SIZES = { largest: 88, least: 14, sorted: 36 } as const;
/** The height within which all should lie; a narrow window scrolls, and a finger needs 24 pixels. */
const HEIGHTS = { wide: 640, narrow: 960 } as const;
/** Less room than this is a narrow window's. */
const NARROW = 400;

/** Layers down, heads across; folded beside each other where that keeps it low. */
export function tabled(
  all: readonly HeadAt[],
  layers: number,
  heads: number,
  room: number,
): Layout {
  const block = (size: number): number => LABELS.left + heads * (size + GAP) + LABELS.between;
  const fold = (size: number): number => Math.floor((room + LABELS.between) / block(size));
  const deep = (size: number): number => Math.ceil(layers / Math.max(1, fold(size)));
  let size = SIZES.largest as number;
  const height = room < NARROW ? HEIGHTS.narrow : HEIGHTS.wide;
  const fits = (): boolean => fold(size) >= 1 && deep(size) * (size + GAP) <= height;
  while (size > SIZES.least && !fits()) size--;
  if (!fits()) {
    const widest = Math.floor((room - LABELS.left) / heads) - GAP;
    size = Math.min(SIZES.largest, Math.max(SIZES.least, widest));
  }
  const rows = deep(size);
  const boxes = all.map((at) => ({
    at,
    x: LABELS.left + at.head * (size + GAP) + Math.floor(at.layer / rows) * block(size),
    y: LABELS.top + (at.layer % rows) * (size + GAP),
  }));
  return measured(boxes, size, heads);
}

/** In an order, line by line. */
export function flowing(all: readonly HeadAt[], room: number): Layout {
  const step = SIZES.sorted + GAP;
  const across = Math.max(1, Math.floor((room - 2) / step));
  const boxes = all.map((at, i) => ({
    at,
    x: 2 + (i % across) * step,
    y: 2 + Math.floor(i / across) * step,
  }));
  return measured(boxes, SIZES.sorted, across);
}

function measured(boxes: readonly Box[], size: number, across: number): Layout {
  const reach = (end: (box: Box) => number): number =>
    boxes.reduce((most, box) => Math.max(most, end(box)), 0) + size + GAP;
  return { boxes, size, across, width: reach(({ x }) => x), height: reach(({ y }) => y) };
}
