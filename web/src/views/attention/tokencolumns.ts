import type { Brush } from "../../parts/brush";
import { fitted } from "../../parts/fitted";
import type { Palette } from "../../parts/theme";
import type { AttentionHeader } from "../../spec/headers";
import { ROW, type Span, type Weave } from "./strands";
import { sameToken, sideOf, type Side, type Token } from "./tokens";
import { told } from "./weights";

/** The least weight whose number is printed beside its token. */
const TOLD = 0.005;
const BOX = { wide: 58, narrow: 30, largest: 7 } as const;
/** A picture that is less wide than this has smaller boxes. */
const NARROW = 480;

/** What the columns of tokens are drawn from, beside the lines. */
export interface TokenScene {
  readonly header: AttentionHeader;
  readonly weave: Weave;
  readonly palette: Palette;
  readonly width: number;
  /** Where the keyboard is. */
  readonly cursor: Token;
  /** Whether the keyboard is here at all: then the cursor is framed. */
  readonly framed: boolean;
}

/** How wide a column of tokens is, its boxes of heads included. */
export function columnWidth(width: number, heads: number): number {
  const room = boxRoom(width, heads);
  return Math.min(190, Math.max(84, width * 0.32 - room / 2)) + room;
}

/** The room for the boxes of several heads. */
function boxRoom(width: number, heads: number): number {
  if (heads < 2) return 0;
  return width < NARROW ? BOX.narrow : BOX.wide;
}

export function spanOf(width: number, heads: number): Span {
  const column = columnWidth(width, heads);
  return { left: column, right: width - column };
}

/** Both columns; beside the tokens in focus stand the weights that they have with the others. */
export function paintTokens(
  brush: Brush,
  scene: TokenScene,
  rows: Readonly<Record<Side, readonly [number, number]>>,
): void {
  brush.textBaseline = "middle";
  brush.direction = "ltr";
  for (const side of ["query", "key"] as const) {
    const [from, to] = rows[side];
    for (let at = from; at < to; at++) paintToken(brush, scene, { side, at });
  }
}

/** Each head's weight between a token and those in focus on the other side; the mean of several. */
export function weightsBeside({ strands, focus }: Weave, { side, at }: Token): number[] {
  const others = (focus ?? []).filter((token) => token.side !== side);
  return strands.map(({ weights }) => {
    const found = others
      .map((other) => (side === "query" ? weights.at(at, other.at) : weights.at(other.at, at)))
      .filter((weight) => !Number.isNaN(weight));
    return found.length ? found.reduce((sum, weight) => sum + weight, 0) / found.length : NaN;
  });
}

/** Where a token stands: `boxes` is the room for its heads, on the side of the lines. */
interface Cell {
  readonly left: boolean;
  readonly x: number;
  readonly y: number;
  readonly column: number;
  readonly boxes: number;
}

function paintToken(brush: Brush, scene: TokenScene, token: Token): void {
  const { palette, weave, width, cursor, framed } = scene;
  const heads = weave.strands.length;
  const column = columnWidth(width, heads);
  const left = token.side === "query";
  const [x, y] = [left ? 0 : width - column, token.at * ROW];
  const cell: Cell = { left, x, y, column, boxes: boxRoom(width, heads) };
  const chosen = (weave.focus ?? []).some((other) => sameToken(other, token));
  const each = weightsBeside(weave, token);
  const weight = each.length ? each.reduce((sum, one) => sum + one, 0) / each.length : NaN;
  if (chosen) paintGround(brush, cell, palette.out, 1);
  else if (weight > 0) paintGround(brush, cell, palette.accent, 0.35 * Math.sqrt(weight));
  if (heads > 1) paintHeads(brush, weave, each, cell);
  const number = weight >= TOLD && !chosen ? told(weight) : "";
  paintLabel(brush, palette, sideOf(scene.header, token.side)[token.at]!, chosen, number, cell);
  if (framed && sameToken(cursor, token)) {
    brush.strokeStyle = palette.ink;
    brush.lineWidth = 1.5;
    brush.strokeRect(x + 1, y + 1.5, column - 2, ROW - 3);
  }
}

function paintGround(brush: Brush, { x, y, column }: Cell, colour: string, alpha: number): void {
  brush.fillStyle = colour;
  brush.globalAlpha = alpha;
  brush.fillRect(x, y + 1, column, ROW - 2);
  brush.globalAlpha = 1;
}

/** A box for each head between the token and its lines, as strong as the square root of its weight. */
function paintHeads(brush: Brush, { strands }: Weave, each: readonly number[], cell: Cell): void {
  const { left, x, y, column, boxes } = cell;
  const size = Math.min(BOX.largest, (boxes - 6) / each.length);
  const start = left ? x + column - size * each.length : x;
  each.forEach((weight, i) => {
    if (!(weight > 0)) return;
    brush.fillStyle = strands[i]!.colour;
    brush.globalAlpha = Math.sqrt(weight);
    brush.fillRect(start + i * size, y + 3, size - (size > 3 ? 1 : 0), ROW - 6);
  });
  brush.globalAlpha = 1;
}

/** The token, and at the outer edge its number where there is one. */
function paintLabel(
  brush: Brush,
  palette: Palette,
  label: string,
  chosen: boolean,
  number: string,
  { left, x, y, column, boxes }: Cell,
): void {
  brush.font = `11px ${palette.sans}`;
  const taken = number ? brush.measureText(number).width + 8 : 0;
  brush.font = `${chosen ? "600 " : ""}12px ${palette.mono}`;
  brush.fillStyle = chosen ? palette.card : palette.ink;
  brush.textAlign = left ? "right" : "left";
  const text = fitted(brush, label, column - boxes - taken - 12);
  brush.fillText(text, left ? x + column - boxes - 7 : x + boxes + 7, y + ROW / 2);
  if (!number) return;
  brush.font = `11px ${palette.sans}`;
  brush.textAlign = left ? "left" : "right";
  brush.fillText(number, left ? x + 5 : x + column - 5, y + ROW / 2);
}
