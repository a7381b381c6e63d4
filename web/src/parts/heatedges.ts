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

/** The small line; ticks that would touch another, the chosen one or the end are left out. */
function paintTicks(
  brush: Brush,
  scene: Scene,
  range: Range,
  words: (col: number) => string,
  y: number,
): void {
  const { geometry: g, palette, selected, view } = scene;
  const step = Math.ceil(TICK_ROOM / g.cellWidth);
  brush.font = `600 10px ${palette.sans}`;
  const chosen =
    selected &&
    isSeen(scene, selected.col) &&
    spanOf(brush, scene, selected.col, words(selected.col));
  brush.font = `10px ${palette.sans}`;
  brush.fillStyle = palette.dim;
  for (let col = range.firstCol; col < range.endCol; col++) {
    if (col % step !== 0) continue;
    const [x, , width] = boxOf(scene, { row: 0, col });
    const half = brush.measureText(words(col)).width / 2;
    const middle = Math.max(x + width / 2, g.left + (col === range.firstCol ? half : 0));
    if (middle + half > view.width) continue;
    if (chosen && middle + half > chosen[0] && middle - half < chosen[1]) continue;
    brush.fillText(words(col), middle, y);
  }
}

/** The chosen column's label is always there, and longer than its column if need be. */
function paintChosen(brush: Brush, scene: Scene, edge: Edge, col: number, top: number): void {
  const { palette } = scene;
  const [x, , width] = boxOf(scene, { row: 0, col });
  if (!isSeen(scene, col)) return;
  const lines: [string, number, string][] = [
    [edge.label(col), LABEL_Y, `600 11px ${palette.mono}`],
  ];
  if (edge.small) lines.push([edge.small(col), TICK_Y, `600 10px ${palette.sans}`]);
  for (const [text, y, font] of lines) {
    brush.font = font;
    const [left, right, label] = spanOf(brush, scene, col, text);
    brush.fillStyle = palette.card;
    brush.fillRect(left, top + y - 8, right - left, 16);
    brush.fillStyle = palette.out;
    brush.fillText(label, (left + right) / 2, top + y);
  }
  if (edge.underlined(col)) underline(brush, palette, x, top + UNDERLINE_Y, width);
}

function isSeen(scene: Scene, col: number): boolean {
  const [x, , width] = boxOf(scene, { row: 0, col });
  return x + width >= scene.geometry.left && x <= scene.view.width;
}

/** From where to where a label of the chosen column stands, and as much of it as has room. */
function spanOf(
  brush: Brush,
  scene: Scene,
  col: number,
  text: string,
): readonly [number, number, string] {
  const { view, geometry: g } = scene;
  const [x, , width] = boxOf(scene, { row: 0, col });
  const label = fitted(brush, text, LABEL_WIDTH);
  const room = brush.measureText(label).width + 8;
  const left = Math.min(Math.max(x + width / 2 - room / 2, g.left), view.width - room);
  return [left, left + room, label];
}

function underline(brush: Brush, palette: Palette, x: number, y: number, width: number): void {
  brush.fillStyle = palette.out;
  brush.fillRect(x + 3, y, Math.max(width - 7, 1), 2);
}
