import type { Scroll } from "../../parts/geometry";

/** Where the cells of one head's computation lie: keys down, the steps across. Pixels. */

/** The steps, from left to right; those of vectors have a cell for each entry. */
export const BLOCKS = ["key", "product", "dot", "score", "weight", "value", "weighted"] as const;
export type Block = (typeof BLOCKS)[number];

/** The blocks of vectors: the others are one number each. */
export const VECTORS = ["key", "product", "value", "weighted"] as const;

export function isVector(name: string): boolean {
  return (VECTORS as readonly string[]).includes(name);
}

/** Special rows beside those of the keys: above them, and below. */
export const QUERY = -1;
export const SINK = -2;
export const OUTPUT = -3;

/** A cell: `key` is a token or QUERY, SINK, OUTPUT; `entry` is 0 where a block is one number. */
export interface Cell {
  readonly key: number;
  readonly block: Block;
  readonly entry: number;
}

export interface Column {
  readonly block: Block;
  readonly x: number;
  readonly width: number;
  /** The entries drawn, in their order. */
  readonly entries: readonly number[];
}

export interface Layout {
  readonly left: number;
  readonly head: number;
  readonly foot: number;
  readonly row: number;
  readonly columns: readonly Column[];
  /** The rows of keys, in their order. */
  readonly keys: readonly number[];
  readonly sink: boolean;
  readonly width: number;
  readonly height: number;
}

export const ROW = 20;
/** Titles of the blocks, numbers of the entries, then the query's row. */
export const HEAD = { title: 10, ticks: 25, query: 36, height: 62 } as const;
const LEFT = 132;
const GAP = 14;
const NUMBERS: Readonly<Partial<Record<Block, number>>> = { dot: 78, score: 60, weight: 104 };
const CELL = { narrowest: 2, widest: 56 } as const;

/** The columns of the blocks that are shown; cells are as wide as the room allows. */
export function layOut(
  blocks: readonly Block[],
  entries: (block: Block) => readonly number[],
  keys: readonly number[],
  sink: boolean,
  room: number,
): Layout {
  const cells = blocks.reduce(
    (sum, block) => sum + (NUMBERS[block] ? 0 : entries(block).length),
    0,
  );
  const fixed = blocks.reduce((sum, block) => sum + GAP + (NUMBERS[block] ?? 0), LEFT);
  const wanted = (room - fixed) / Math.max(1, cells);
  const cell = Math.min(CELL.widest, Math.max(CELL.narrowest, wanted));
  const columns: Column[] = [];
  let x = LEFT;
  for (const block of blocks) {
    const own = NUMBERS[block] ? [0] : entries(block);
    const width = NUMBERS[block] ?? own.length * cell;
    columns.push({ block, x, width, entries: own });
    x += width + GAP;
  }
  const foot = 6 + ROW + (sink ? ROW : 0);
  const height = HEAD.height + keys.length * ROW + foot;
  return { left: LEFT, head: HEAD.height, foot, row: ROW, columns, keys, sink, width: x, height };
}

/** Whether a row has a cell in a block. */
export function has(row: number, block: Block): boolean {
  if (row === QUERY) return block === "key" || block === "product";
  if (row === OUTPUT) return block === "weighted";
  if (row === SINK) return block === "score" || block === "weight";
  return true;
}

/** The left edge and the width of a cell, before scrolling. */
export function span(column: Column, entry: number): readonly [number, number] {
  const place = column.entries.indexOf(entry);
  const cell = column.width / column.entries.length;
  const from = Math.round(column.x + place * cell);
  return [from, Math.round(column.x + (place + 1) * cell) - from];
}

/** The top of a row in a window of this height. */
export function topOf(layout: Layout, row: number, scroll: Scroll, height: number): number {
  if (row === QUERY) return HEAD.query;
  if (row === OUTPUT) return height - ROW;
  if (row === SINK) return height - 2 * ROW;
  return layout.head + layout.keys.indexOf(row) * layout.row - scroll.y;
}

/** The cell at a point of the window; null between cells and over labels. */
export function cellAt(
  layout: Layout,
  scroll: Scroll,
  height: number,
  x: number,
  y: number,
): Cell | null {
  const key = rowAt(layout, scroll, height, y);
  if (key === null || x < layout.left) return null;
  const across = x + scroll.x;
  const column = layout.columns.find((one) => across >= one.x && across < one.x + one.width);
  if (!column || !has(key, column.block)) return null;
  const place = Math.floor(((across - column.x) / column.width) * column.entries.length);
  return { key, block: column.block, entry: column.entries[place]! };
}

/** The row at a height of the window: a key or a special row. */
export function rowAt(layout: Layout, scroll: Scroll, height: number, y: number): number | null {
  if (y < layout.head) return y >= HEAD.query && y < HEAD.query + ROW ? QUERY : null;
  if (y >= height) return null;
  if (y >= height - ROW) return OUTPUT;
  if (y >= height - layout.foot) return layout.sink && y >= height - 2 * ROW ? SINK : null;
  return layout.keys[Math.floor((y - layout.head + scroll.y) / layout.row)] ?? null;
}

/** The cell that lies `down` rows and `across` cells from another; itself at the edges. */
export function moved(layout: Layout, from: Cell, down: number, across: number): Cell {
  const cells = layout.columns.flatMap(({ block, entries }) =>
    entries.map((entry) => ({ block, entry })),
  );
  const here = cells.findIndex(({ block, entry }) => block === from.block && entry === from.entry);
  const next = cells[clamp(here + across, cells.length - 1)]!;
  const all = [QUERY, ...layout.keys, ...(layout.sink ? [SINK] : []), OUTPUT];
  const rows = all.filter((row) => has(row, next.block));
  const place = rows.indexOf(from.key);
  // A special row may have no cell in the block: the way goes to the end that is next to it.
  const start = place >= 0 ? place : from.key === QUERY ? 0 : rows.length - 1;
  return { key: rows[clamp(start + down, rows.length - 1)]!, ...next };
}

function clamp(value: number, last: number): number {
  return Math.min(last, Math.max(0, value));
}
