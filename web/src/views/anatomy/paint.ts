import type { Brush } from "../../parts/brush";
import { fitted } from "../../parts/fitted";
import { hue } from "../../parts/hues";
import type { Palette, Scheme } from "../../parts/theme";
import { EDGE, type Cell, type Row, type Stack } from "./stack";

/** What is drawn of the stack just now. */
export interface Scene {
  readonly stack: Stack;
  readonly palette: Palette;
  readonly scheme: Scheme;
  readonly chosen: Cell | null;
  readonly hover: Cell | null;
}

/** The colours of the kinds; one that is not here has that of other parts. */
const HUES: Readonly<Record<string, number>> = {
  embedding: 2,
  unembedding: 2,
  encoder: 4,
  attention: 0,
  "cross-attention": 5,
  mlp: 1,
  norms: 3,
  "final norm": 3,
};
const OTHER = 6;
/** How much of its colour an area has: its text stays readable. */
const STRENGTH = { light: 0.42, dark: 0.5 } as const;
/** The same of one that is counted elsewhere, and too low for a dashed box. */
const PALE = 0.2;
const LABEL = 13;
/** Pixels that an expert must be wide to be drawn apart. */
const EXPERT = 2.5;
const STEPS = [1, 2, 5, 10, 20, 50, 100];

/** How strong the areas of a kind are, of its colour; what is too narrow for one has all of it. */
export function areaStrength(scheme: Scheme): number {
  return STRENGTH[scheme];
}

export function colourOf(kind: string, scheme: Scheme): string {
  return hue(HUES[kind] ?? OTHER, scheme);
}

/** The stack with its labels, the ties, and what is chosen or pointed at. */
export function paintStack(brush: Brush, scene: Scene): void {
  const { stack, chosen, hover, palette } = scene;
  brush.textBaseline = "middle";
  for (const row of stack.rows) for (const cell of row.cells) paintCell(brush, cell, row, scene);
  nameTopBlock(brush, scene);
  paintLabels(brush, scene);
  paintTies(brush, scene);
  if (hover && hover !== chosen) frame(brush, hover, stack.rows[hover.row]!, palette.dim, 1);
  if (chosen) frame(brush, chosen, stack.rows[chosen.row]!, palette.ink, 2);
}

function paintCell(brush: Brush, cell: Cell, row: Row, scene: Scene): void {
  const { palette, scheme } = scene;
  const colour = colourOf(cell.part.kind, scheme);
  if (cell.ghost) {
    paintGhost(brush, cell, row, colour);
    return;
  }
  // A part that has no width to speak of is drawn as a line; its number is in the readout.
  const width = Math.max(cell.width, 1.5);
  brush.fillStyle = colour;
  brush.globalAlpha = width < 3 ? 1 : STRENGTH[scheme];
  brush.fillRect(cell.x, row.y, width, row.height);
  brush.globalAlpha = 1;
  if (cell.width >= 3) paintInside(brush, cell, row, palette);
}

/** A part that is counted elsewhere: a dashed box, or, in a row too low for one, a pale one. */
function paintGhost(brush: Brush, cell: Cell, row: Row, colour: string): void {
  if (row.height < LABEL) {
    brush.fillStyle = colour;
    brush.globalAlpha = PALE;
    brush.fillRect(cell.x, row.y, cell.width - 1, row.height);
    brush.globalAlpha = 1;
    return;
  }
  brush.strokeStyle = colour;
  brush.lineWidth = 1;
  brush.setLineDash([4, 3]);
  brush.strokeRect(cell.x + 0.5, row.y + 0.5, cell.width - 1, row.height - 1);
  brush.setLineDash([]);
}

/** Lines between the parameters of a part; those of experts are cut by expert instead. */
function paintInside(brush: Brush, cell: Cell, row: Row, palette: Palette): void {
  brush.fillStyle = palette.card;
  const line = (share: number, thick: number): void =>
    brush.fillRect(cell.x + share * cell.width - thick / 2, row.y, thick, row.height);
  for (const bound of cell.bounds.slice(1)) if (bound <= cell.experts + 1e-9) line(bound, 1);
  const { experts } = cell.part;
  const each = experts ? (1 - cell.experts) / experts.count : 0;
  if (!experts || each * cell.width < EXPERT) return;
  for (let i = 0; i < experts.count; i++) line(cell.experts + i * each, 0.75);
}

/** What the columns of the blocks are, written into the uppermost one. */
function nameTopBlock(brush: Brush, { stack, palette }: Scene): void {
  const row = stack.rows.findLast(({ block, height }) => block !== null && height >= LABEL);
  if (!row) return;
  brush.font = `11px ${palette.sans}`;
  brush.textAlign = "left";
  brush.fillStyle = palette.ink;
  for (const { part, x, width, ghost } of row.cells) {
    if (ghost || brush.measureText(part.label).width > width - 10) continue;
    brush.fillText(part.label, x + 5, row.y + row.height / 2 + 0.5);
  }
}

function paintLabels(brush: Brush, { stack, palette, chosen, hover }: Scene): void {
  const heights = stack.rows.filter(({ block }) => block !== null).map(({ height }) => height);
  const least = Math.min(...heights, LABEL);
  const step = STEPS.find((step) => step * least >= LABEL) ?? STEPS.at(-1)!;
  const marked = hover?.row ?? chosen?.row ?? -1;
  brush.textAlign = "right";
  stack.rows.forEach((row, index) => {
    const label = row.block === null ? row.cells[0]!.part.label : `block ${row.block}`;
    const near = Math.abs(index - marked) * least < LABEL && index !== marked;
    if (row.block !== null && index !== marked && (row.block % step || near)) return;
    brush.font = `${index === marked ? "600 " : ""}11px ${palette.sans}`;
    brush.fillStyle = index === marked ? palette.ink : palette.dim;
    const y = row.y + (row.block === null ? Math.min(row.height, 40) : row.height) / 2;
    brush.fillText(fitted(brush, label, EDGE.left - 12), EDGE.left - 8, y);
  });
}

/** A bracket from a part that is counted elsewhere to where it is counted. */
function paintTies(brush: Brush, { stack, palette, scheme }: Scene): void {
  for (const [from, to] of stack.ties) {
    const [ghost, twin] = [stack.rows[from]!, stack.rows[to]!];
    const right = stack.width - EDGE.right;
    const out = stack.width - 6;
    const [top, bottom] = [ghost.y + ghost.height / 2, twin.y + Math.min(twin.height / 2, 20)];
    brush.strokeStyle = colourOf("embedding", scheme);
    brush.lineWidth = 1.5;
    brush.setLineDash([4, 3]);
    brush.beginPath();
    brush.moveTo(right + 2, top);
    brush.lineTo(out, top);
    brush.lineTo(out, bottom);
    brush.lineTo(Math.max(...twin.cells.map(({ x, width }) => x + width)) + 2, bottom);
    brush.stroke();
    brush.setLineDash([]);
    brush.font = `11px ${palette.sans}`;
    brush.fillStyle = palette.ink;
    brush.textAlign = "left";
    const words = `tied: the weights of the ${twin.cells[0]!.part.label}`;
    brush.fillText(fitted(brush, words, right - EDGE.left - 10), EDGE.left + 6, top + 0.5);
  }
}

function frame(brush: Brush, cell: Cell, row: Row, colour: string, thick: number): void {
  brush.strokeStyle = colour;
  brush.lineWidth = thick;
  const width = Math.max(cell.width, 3);
  brush.strokeRect(cell.x - 0.5, row.y - 0.5, width + 1, row.height + 1);
}
