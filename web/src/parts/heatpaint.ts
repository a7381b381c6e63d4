import { fitted } from "./fitted";
import { visibleRange, type Range } from "./geometry";
import { paintEdge } from "./heatedges";
import { boxOf, TEXT_WIDTH, type Brush, type Scene } from "./heatscene";

/** Cells lower than this carry no text. */
const TEXT_HEIGHT = 13;
/** Cells narrower or lower than this touch each other. */
const GAP_WIDTH = 8;
/** Pixels beside a number in its cell. */
const EDGES = 3;
/** Pixels of a marked corner along its edges. */
const CORNER = 7;

/** Draws the cells that can be seen, then the edges that stay put over them. */
export function paintScene(brush: Brush, scene: Scene): void {
  const { geometry: g, view, palette } = scene;
  const range = visibleRange(g, scene.scroll, view);
  brush.textBaseline = "middle";
  brush.direction = "ltr";
  brush.save();
  brush.beginPath();
  brush.rect(g.left, g.head, view.width - g.left, view.height - g.head - g.foot);
  brush.clip();
  paintCells(brush, scene, range);
  paintMarks(brush, scene);
  brush.restore();
  brush.fillStyle = palette.card;
  brush.fillRect(0, 0, g.left, view.height);
  paintRowLabels(brush, scene, range);
  paintEdge(brush, scene, range, scene.model.above, 0);
  paintEdge(brush, scene, range, scene.model.below, view.height - g.foot);
}

function paintCells(brush: Brush, scene: Scene, range: Range): void {
  const { geometry: g, model, palette } = scene;
  const gap = g.cellWidth < GAP_WIDTH ? 0 : 1;
  const below = g.cellHeight < GAP_WIDTH ? 0 : 1;
  brush.font = `11px ${palette.mono}`;
  const roomy = g.cellWidth >= TEXT_WIDTH && g.cellHeight >= TEXT_HEIGHT;
  const worded = roomy && (!model.uncut || allFit(brush, scene, range));
  brush.textAlign = "center";
  for (let row = range.firstRow; row < range.endRow; row++) {
    for (let col = range.firstCol; col < range.endCol; col++) {
      const [x, y, width, height] = boxOf(scene, { row, col });
      const paint = model.paint(row, col);
      brush.fillStyle = paint ? paint.fill : palette.void;
      brush.fillRect(x, y, width - gap, height - below);
      const ink = paint ? paint.ink : palette.dim;
      if (worded) {
        brush.fillStyle = ink;
        const text = model.text(row, col);
        const shown = model.uncut ? text : fitted(brush, text, width - 8);
        brush.fillText(shown, x + (width - gap) / 2, y + height / 2);
      }
      if (model.ringed(row, col)) ring(brush, x, y, width - gap, height - 1, ink);
      if (model.cornered?.(row, col)) corner(brush, x + width - gap, y, width - gap, ink);
    }
  }
}

/** Whether every number that can be seen has room: all are drawn, or none. */
function allFit(brush: Brush, { geometry: g, model }: Scene, range: Range): boolean {
  const room = Math.floor(g.cellWidth) - EDGES;
  for (let row = range.firstRow; row < range.endRow; row++) {
    for (let col = range.firstCol; col < range.endCol; col++) {
      const text = model.text(row, col);
      if (fitted(brush, text, room) !== text) return false;
    }
  }
  return true;
}

/** The ring has the cell's own ink, which is readable on every colour of the ramp. */
function ring(
  brush: Brush,
  x: number,
  y: number,
  width: number,
  height: number,
  ink: string,
): void {
  if (width < GAP_WIDTH) {
    brush.fillStyle = ink;
    brush.fillRect(x + width / 2 - 1, y + height / 2 - 1, 2, 2);
    return;
  }
  brush.strokeStyle = ink;
  brush.lineWidth = 1.25;
  brush.strokeRect(x + 1.6, y + 1.6, width - 3.2, height - 3.2);
}

/** The upper right corner in the cell's own ink; of narrow cells their upper edge. */
function corner(brush: Brush, right: number, y: number, width: number, ink: string): void {
  const side = Math.min(CORNER, width);
  brush.fillStyle = ink;
  for (let step = 0; step < side; step++) {
    brush.fillRect(right - side + step, y + step, side - step, 1);
  }
}

/** The chosen column and cell. In ink, for a hue would be lost on the ramp that shares it. */
function paintMarks(brush: Brush, scene: Scene): void {
  const { geometry: g, palette, selected, hover, view } = scene;
  if (selected) {
    const [x, , width] = boxOf(scene, selected);
    const column = [x, g.head - 3, width, view.height - g.head - g.foot + 6] as const;
    frame(brush, column, 1, palette.card, palette.ink);
    frame(brush, boxOf(scene, selected), 2.5, palette.card, palette.ink);
  }
  if (hover) frame(brush, boxOf(scene, hover), 1.5, palette.card, palette.ink);
}

/** A frame around a box, with a rim of the card's colour so that it stands out on any cell. */
function frame(
  brush: Brush,
  [x, y, width, height]: readonly [number, number, number, number],
  line: number,
  rim: string,
  colour: string,
): void {
  for (const [style, lineWidth] of [
    [rim, line + 2.5],
    [colour, line],
  ] as const) {
    brush.strokeStyle = style;
    brush.lineWidth = lineWidth;
    brush.strokeRect(x - 0.5, y - 0.5, width, height);
  }
}

function paintRowLabels(brush: Brush, scene: Scene, range: Range): void {
  const { geometry: g, model, palette, selected, view } = scene;
  brush.save();
  brush.beginPath();
  brush.rect(0, g.head, g.left, view.height - g.head - g.foot);
  brush.clip();
  brush.textAlign = "right";
  for (let row = range.firstRow; row < range.endRow; row++) {
    const [, y] = boxOf(scene, { row, col: 0 });
    const chosen = row === selected?.row;
    brush.fillStyle = chosen ? palette.out : palette.dim;
    brush.font = `${chosen ? "600 " : ""}11px ${palette.sans}`;
    const label = fitted(brush, model.rowLabel(row), g.left - 10);
    brush.fillText(label, g.left - 8, y + g.cellHeight / 2);
  }
  brush.restore();
}
