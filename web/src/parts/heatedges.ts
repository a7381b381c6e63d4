import { fitted } from "./fitted";
import type { Range } from "./geometry";
import { edgeHeight, type Edge } from "./heatmodel";
import { boxOf, TEXT_WIDTH, type Brush, type Scene } from "./heatscene";
import type { Palette } from "./theme";

/** Where the lines of an edge stand below its top. */
const LABEL_Y = 12;
const UNDERLINE_Y = 21;
const TICK_Y = 30;
/** The room that a tick needs beside another. */
const TICK_ROOM = 44;
/** How long the chosen column's label may get. */
const LABEL_WIDTH = 180;

/** Draws the labels along the top or the bottom of a grid. */
export function paintEdge(brush: Brush, scene: Scene, range: Range, edge: Edge, top: number): void {
  const { geometry: g, palette, view, selected } = scene;
  const height = edgeHeight(edge);
  brush.fillStyle = palette.card;
  brush.fillRect(0, top, view.width, height);
  brush.save();
  brush.beginPath();
  brush.rect(g.left, top, view.width - g.left, height);
  brush.clip();
  brush.textAlign = "center";
  if (g.cellWidth >= TEXT_WIDTH) paintLabels(brush, scene, range, edge, top);
  if (edge.small) paintTicks(brush, scene, range, edge.small, top + TICK_Y);
  if (selected) paintChosen(brush, scene, edge, selected.col, top);
  brush.restore();
  brush.textAlign = "right";
  brush.font = `10px ${palette.sans}`;
  brush.fillStyle = palette.dim;
  brush.fillText(edge.name, g.left - 8, top + LABEL_Y);
}

function paintLabels(brush: Brush, scene: Scene, range: Range, edge: Edge, top: number): void {
  const { palette } = scene;
  brush.font = `11px ${palette.mono}`;
  for (let col = range.firstCol; col < range.endCol; col++) {
    const [x, , width] = boxOf(scene, { row: 0, col });
    brush.fillStyle = edge.tone === "out" ? palette.dim : palette.ink;
    brush.fillText(fitted(brush, edge.label(col), width - 6), x + width / 2, top + LABEL_Y);
    if (edge.underlined(col)) underline(brush, palette, x, top + UNDERLINE_Y, width);
  }
}

/** The small line; ticks that would touch another or the chosen one are left out. */
function paintTicks(
  brush: Brush,
  scene: Scene,
  range: Range,
  words: (col: number) => string,
  y: number,
): void {
  const { geometry: g, palette, selected } = scene;
  const step = Math.ceil(TICK_ROOM / g.cellWidth);
  brush.font = `10px ${palette.sans}`;
  brush.fillStyle = palette.dim;
  for (let col = range.firstCol; col < range.endCol; col++) {
    if (col % step !== 0) continue;
    if (selected && Math.abs(col - selected.col) * g.cellWidth < TICK_ROOM) continue;
    const [x, , width] = boxOf(scene, { row: 0, col });
    brush.fillText(words(col), x + width / 2, y);
  }
}

/** The chosen column's label is always there, and longer than its column if need be. */
function paintChosen(brush: Brush, scene: Scene, edge: Edge, col: number, top: number): void {
  const { palette, view, geometry: g } = scene;
  const [x, , width] = boxOf(scene, { row: 0, col });
  if (x + width < g.left || x > view.width) return;
  const lines: [string, number, string][] = [
    [edge.label(col), LABEL_Y, `600 11px ${palette.mono}`],
  ];
  if (edge.small) lines.push([edge.small(col), TICK_Y, `600 10px ${palette.sans}`]);
  for (const [text, y, font] of lines) {
    brush.font = font;
    const label = fitted(brush, text, LABEL_WIDTH);
    const room = brush.measureText(label).width + 8;
    const left = Math.min(Math.max(x + width / 2 - room / 2, g.left), view.width - room);
    brush.fillStyle = palette.card;
    brush.fillRect(left, top + y - 8, room, 16);
    brush.fillStyle = palette.out;
    brush.fillText(label, left + room / 2, top + y);
  }
  if (edge.underlined(col)) underline(brush, palette, x, top + UNDERLINE_Y, width);
}

function underline(brush: Brush, palette: Palette, x: number, y: number, width: number): void {
  brush.fillStyle = palette.out;
  brush.fillRect(x + 3, y, Math.max(width - 7, 1), 2);
}
