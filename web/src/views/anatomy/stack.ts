/** Where each part of a model lies in the picture: areas are parameters, to scale. */

import type { AnatomyHeader, AnatomyPart } from "../../spec/anatomy";

/** One part in the picture: its row and place in it, from the end of the model down. */
export interface Cell {
  readonly row: number;
  readonly cell: number;
  readonly part: AnatomyPart;
  readonly block: number | null;
  readonly x: number;
  readonly width: number;
  /** Counted elsewhere: it has no area of its own. */
  readonly ghost: boolean;
  /** Where its parameters begin and end inside it, as shares; those of experts come last. */
  readonly bounds: readonly number[];
  /** Where its experts begin, as a share; 1 where it has none. */
  readonly experts: number;
}

export interface Row {
  readonly block: number | null;
  readonly y: number;
  readonly height: number;
  readonly cells: readonly Cell[];
}

/** Rows from the embedding up, as the header has them; the last one is drawn on top. */
export interface Stack {
  readonly rows: readonly Row[];
  readonly width: number;
  readonly height: number;
  /** Rows of a part without area of its own and of the part it is one with. */
  readonly ties: readonly (readonly [number, number])[];
}

/** Pixels: the labels on the left, the ties on the right. */
export const EDGE = { left: 96, right: 26 } as const;
const GAP = 1;
const BLOCK = { wanted: 16, least: 5 } as const;
const OUTSIDE = 18;
const TALL = { least: 400, most: 1000 } as const;
/** Of a part that is counted elsewhere, beside parts that are not. */
const GHOST = 5;

/** The stack in a box of a width; a row too low to be seen is higher and narrower, its area kept. */
export function stackOf(header: AnatomyHeader, width: number): Stack {
  const room = Math.max(1, width - EDGE.left - EDGE.right);
  const tall = tallness(header);
  let y = GAP;
  const rows: Row[] = [];
  for (const index of header.stack.map((_, i) => i).reverse()) {
    const { block } = header.stack[index]!;
    const count = countOf(header, index);
    const scaled = (count / Math.max(header.total, 1)) * tall;
    const least = block === null ? OUTSIDE : BLOCK.least;
    const height = Math.max(scaled, least);
    const across = scaled < least ? (room * scaled) / least : room;
    rows[index] = { block, y, height, cells: cellsOf(header, index, across, room) };
    y += height + GAP;
  }
  return { rows, width, height: y, ties: tiesOf(header) };
}

/** The part at a point: the one under it, or the last of its row. */
export function cellAt(stack: Stack, x: number, y: number): Cell | null {
  const row = stack.rows.find((row) => y >= row.y - GAP && y < row.y + row.height);
  if (!row) return null;
  const under = row.cells.find((cell) => x >= cell.x && x < cell.x + cell.width);
  return under ?? (x < EDGE.left ? row.cells[0]! : row.cells.at(-1)!);
}

/** So tall that the smallest block can be pointed at, within bounds. */
function tallness(header: AnatomyHeader): number {
  const blocks = header.stack
    .map(({ block }, i) => (block === null ? 0 : countOf(header, i)))
    .filter((count) => count > 0);
  const wanted = blocks.length ? (BLOCK.wanted * header.total) / Math.min(...blocks) : 0;
  return Math.min(TALL.most, Math.max(TALL.least, wanted));
}

function countOf(header: AnatomyHeader, row: number): number {
  return header.stack[row]!.cells.reduce((sum, part) => sum + ownCount(header.parts[part]!), 0);
}

/** What one of the folded parts counts; 0 where it is counted elsewhere. */
export function ownCount(part: AnatomyPart): number {
  return part.count ? part.each : 0;
}

function cellsOf(header: AnatomyHeader, row: number, across: number, room: number): Cell[] {
  const { block, cells } = header.stack[row]!;
  const count = countOf(header, row);
  let x: number = EDGE.left;
  return cells.map((index, cell) => {
    const part = header.parts[index]!;
    const own = ownCount(part);
    const ghost = own === 0;
    const share = count ? (own / count) * across : room / cells.length;
    const width = ghost && count ? GHOST : share;
    const at = ghost && count ? EDGE.left + room + 2 : x;
    if (!(ghost && count)) x += width;
    return { row, cell, part, block, x: at, width, ghost, ...inner(part) };
  });
}

/** The parameters inside a part one beside the other, those of experts last. */
function inner(part: AnatomyPart): Pick<Cell, "bounds" | "experts"> {
  const total = part.sizes.reduce((sum, size) => sum + size, 0);
  const names = new Set(part.experts?.names ?? []);
  const isExpert = (i: number): boolean => names.has(part.shapes[i]!.split(" ")[0]!);
  const order = part.sizes
    .map((_, i) => i)
    .sort((a, b) => Number(isExpert(a)) - Number(isExpert(b)));
  const bounds = [0];
  for (const i of order) bounds.push(bounds.at(-1)! + part.sizes[i]! / Math.max(total, 1));
  return { bounds, experts: part.experts ? 1 - part.experts.parameters / Math.max(total, 1) : 1 };
}

/** Rows outside the blocks whose weights are those of an earlier row. */
function tiesOf(header: AnatomyHeader): [number, number][] {
  const ties: [number, number][] = [];
  header.stack.forEach(({ block, cells }, row) => {
    const { tied, count } = header.parts[cells[0]!]!;
    if (block !== null || count || !tied.length) return;
    const twin = header.stack.findIndex(
      (other) =>
        other.block === null &&
        other.cells.some((cell) => tied.some((name) => holds(header.parts[cell]!, name))),
    );
    if (twin >= 0 && twin !== row) ties.push([row, twin]);
  });
  return ties;
}

/** Whether a parameter, by its whole name, is one of a part's own. */
function holds(part: AnatomyPart, name: string): boolean {
  const names = part.shapes.map((shape) => shape.split(" ")[0]!);
  return names.some((own) => (part.path ? `${part.path}.${own}` : own) === name);
}
