import type { Brush } from "../../parts/brush";
import type { Glimpse } from "../../parts/scrollcanvas";
import { holds, type Block } from "./blocks";
import type { Token } from "./tokens";
import type { HeadWeights } from "./weights";

/** The lines of one head: what is drawn of it, and how it is told from the others. */
export interface Strand {
  readonly name: string;
  readonly weights: HeadWeights;
  /** The lowest level drawn in each row. */
  readonly least: Uint8Array;
  readonly colour: string;
  readonly dash: readonly number[];
}

/** All that two columns of tokens and their lines are drawn from. */
export interface Weave {
  readonly strands: readonly Strand[];
  readonly block: Block;
  /** The tokens whose lines are strong; null: all lines are. */
  readonly focus: readonly Token[] | null;
}

export const ROW = 20;
/** How strong the lines are, as a whole, that do not belong to the tokens in focus. */
export const FAINT = 0.22;
/** Lines of nearly one opacity and width are drawn in one go. */
const STEPS = 32;
/** Pixels of a line of no weight, and what a weight of 1 adds: less where heads lie side by side. */
const THIN = 0.75;
const WIDEST = { one: 5, several: 2.5 } as const;
/** The room that the ends of several heads' lines take within a row. */
const SPREAD = { most: 13, each: 3 } as const;

/** Where the lines begin and end: the widths of the columns of tokens. */
export interface Span {
  readonly left: number;
  readonly right: number;
}

/** The rows in the window, from..to (exclusive). */
export function visibleRows({ scroll, view }: Glimpse, count: number): readonly [number, number] {
  const end = Math.ceil((scroll.y + view.height) / ROW);
  return [Math.floor(scroll.y / ROW), Math.min(count, end)];
}

/** The lines of one head that begin in the window, whatever is in focus. */
export function paintStrand(
  brush: Brush,
  { strands, block }: Weave,
  i: number,
  rows: readonly [number, number],
  span: Span,
): void {
  const bundle = bundled(strands, i, span);
  for (let at = rows[0]; at < rows[1]; at++) {
    eachOf(strands[i]!, block, { side: "query", at }, (query, key) => bundle.add(query, key));
  }
  bundle.stroke(brush);
}

/** The lines of the tokens in focus, wherever they end. */
export function paintFocus(brush: Brush, { strands, block, focus }: Weave, span: Span): void {
  strands.forEach((strand, i) => {
    const bundle = bundled(strands, i, span);
    for (const token of focus ?? []) {
      eachOf(strand, block, token, (query, key) => bundle.add(query, key));
    }
    bundle.stroke(brush);
  });
}

function bundled(strands: readonly Strand[], i: number, span: Span): Bundle {
  const widest = strands.length > 1 ? WIDEST.several : WIDEST.one;
  return new Bundle(strands[i]!, shift(i, strands.length), span, widest);
}

/** Whether a weight is drawn: inside the block, and of the largest of its row. */
export function drawn(
  { weights, least }: Strand,
  block: Block,
  query: number,
  key: number,
): boolean {
  return holds(block, query, key) && weights.level(query, key) >= Math.max(1, least[query]!);
}

/** The weights of a token that are drawn. */
export function eachOf(
  strand: Strand,
  block: Block,
  { side, at }: Token,
  take: (query: number, key: number) => void,
): void {
  const end = side === "query" ? strand.weights.reach(at) : strand.weights.size;
  for (let other = 0; other < end; other++) {
    const [query, key] = side === "query" ? [at, other] : [other, at];
    if (drawn(strand, block, query, key)) take(query, key);
  }
}

/** How far from the middle of a row a head's lines end, so that heads lie side by side. */
function shift(i: number, count: number): number {
  const step = Math.min(SPREAD.each, SPREAD.most / Math.max(1, count - 1));
  return (i - (count - 1) / 2) * step;
}

/** Lines of one head by their strength: opacity is the square root of the weight. */
class Bundle {
  private readonly paths: number[][] = Array.from({ length: STEPS + 1 }, () => []);

  constructor(
    private readonly strand: Strand,
    private readonly shift: number,
    private readonly span: Span,
    private readonly widest: number,
  ) {}

  add(query: number, key: number): void {
    const root = Math.sqrt(this.strand.weights.at(query, key));
    this.paths[Math.max(1, Math.round(STEPS * Math.min(1, root)))]!.push(query, key);
  }

  stroke(brush: Brush): void {
    const { left, right } = this.span;
    brush.strokeStyle = this.strand.colour;
    brush.setLineDash([...this.strand.dash]);
    this.paths.forEach((ends, step) => {
      if (!ends.length) return;
      const root = step / STEPS;
      brush.globalAlpha = root;
      brush.lineWidth = THIN + this.widest * root ** 2;
      brush.beginPath();
      for (let i = 0; i < ends.length; i += 2) {
        brush.moveTo(left, (ends[i]! + 0.5) * ROW + this.shift);
        brush.lineTo(right, (ends[i + 1]! + 0.5) * ROW + this.shift);
      }
      brush.stroke();
    });
    brush.globalAlpha = 1;
    brush.setLineDash([]);
  }
}
