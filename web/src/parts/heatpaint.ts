import { fitted } from "./fitted";
import {
  visibleRange,
  type Geometry,
  type Place,
  type Range,
  type Scroll,
  type Size,
} from "./geometry";
import type { Edge, GridModel } from "./heatmodel";
import type { Palette } from "./theme";

/** Cells smaller than this carry no text. */
export const TEXT_WIDTH = 30;
const TEXT_HEIGHT = 13;
/** Cells narrower than this touch each other. */
const GAP_WIDTH = 8;
const TICK_ROOM = 44;
/** How long the chosen column's label may get. */
const LABEL_WIDTH = 180;

export interface Scene {
  readonly geometry: Geometry;
  readonly model: GridModel;
  readonly scroll: Scroll;
  readonly view: Size;
  readonly palette: Palette;
  readonly selected: Place | null;
  readonly hover: Place | null;
}

type Brush = CanvasRenderingContext2D;

/** Draws the cells that can be seen, then the edges that stay put over them. */
export function paintScene(brush: Brush, scene: Scene): void {
  const { geometry: g, view, palette } = scene;
  const range = visibleRange(g, scene.scroll, view);
  brush.clearRect(0, 0, view.width, view.height);
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
  paintEdge(brush, scene, range, scene.model.above, 0, g.head);
  paintEdge(brush, scene, range, scene.model.below, view.height - g.foot, g.foot);
}

function paintCells(brush: Brush, scene: Scene, range: Range): void {
  const { geometry: g, model, palette } = scene;
  const gap = g.cellWidth < GAP_WIDTH ? 0 : 1;
  const worded = g.cellWidth >= TEXT_WIDTH && g.cellHeight >= TEXT_HEIGHT;
  brush.font = `11px ${palette.mono}`;
  brush.textAlign = "center";
  for (let row = range.firstRow; row < range.endRow; row++) {
    for (let col = range.firstCol; col < range.endCol; col++) {
      const [x, y, width, height] = boxOf(scene, { row, col });
      const paint = model.paint(row, col);
      brush.fillStyle = paint ? paint.fill : palette.void;
      brush.fillRect(x, y, width - gap, height - 1);
      const ink = paint ? paint.ink : palette.dim;
      if (worded) {
        brush.fillStyle = ink;
        const text = fitted(brush, model.text(row, col), width - 8);
        brush.fillText(text, x + (width - gap) / 2, y + height / 2);
      }
      if (model.ringed(row, col)) ring(brush, x, y, width - gap, height - 1, ink);
    }
  }
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

function paintMarks(brush: Brush, scene: Scene): void {
  const { geometry: g, palette, selected, hover, view } = scene;
  if (selected) {
    const [x, , width] = boxOf(scene, selected);
    brush.strokeStyle = palette.out;
    brush.lineWidth = 1.5;
    brush.strokeRect(x - 0.25, g.head - 3, width - 0.5, view.height - g.head - g.foot + 6);
    outline(brush, scene, selected, palette.out, 2.5);
  }
  if (hover) outline(brush, scene, hover, palette.ink, 1.5);
}

/** A frame around a cell, with a rim of the card's colour so that it stands out on any ramp. */
function outline(brush: Brush, scene: Scene, place: Place, colour: string, width: number): void {
  const [x, y, w, h] = boxOf(scene, place);
  for (const [style, line] of [
    [scene.palette.card, width + 2.5],
    [colour, width],
  ] as const) {
    brush.strokeStyle = style;
    brush.lineWidth = line;
    brush.strokeRect(x - 0.5, y - 0.5, w, h);
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
    brush.fillText(model.rowLabel(row), g.left - 8, y + g.cellHeight / 2);
  }
  brush.restore();
}

function paintEdge(
  brush: Brush,
  scene: Scene,
  range: Range,
  edge: Edge,
  top: number,
  height: number,
): void {
  const { geometry: g, palette, selected, view } = scene;
  brush.fillStyle = palette.card;
  brush.fillRect(0, top, view.width, height);
  brush.save();
  brush.beginPath();
  brush.rect(g.left, top, view.width - g.left, height);
  brush.clip();
  const step = Math.max(1, Math.ceil(TICK_ROOM / g.cellWidth));
  for (let col = range.firstCol; col < range.endCol; col++) {
    if (col !== selected?.col)
      paintLabel(brush, scene, edge, col, top, g.cellWidth >= TEXT_WIDTH, col % step === 0);
  }
  if (selected) paintChosenLabel(brush, scene, edge, selected.col, top);
  brush.restore();
  brush.textAlign = "right";
  brush.font = `10px ${palette.sans}`;
  brush.fillStyle = palette.dim;
  brush.fillText(edge.name, g.left - 8, top + 12);
}

function paintLabel(
  brush: Brush,
  scene: Scene,
  edge: Edge,
  col: number,
  top: number,
  worded: boolean,
  ticked: boolean,
): void {
  const { palette } = scene;
  const [x, , width] = boxOf(scene, { row: 0, col });
  const middle = x + width / 2;
  brush.textAlign = "center";
  if (worded) {
    brush.font = `11px ${palette.mono}`;
    brush.fillStyle = edge.tone === "out" ? palette.dim : palette.ink;
    brush.fillText(fitted(brush, edge.label(col), width - 6), middle, top + 12);
    if (edge.underlined(col)) underline(brush, palette, x, top + 21, width);
  }
  if (edge.small && ticked) {
    brush.font = `10px ${palette.sans}`;
    brush.fillStyle = palette.dim;
    brush.fillText(edge.small(col), middle, top + 30);
  }
}

/** The chosen column's label is always there, and longer than its column if need be. */
function paintChosenLabel(brush: Brush, scene: Scene, edge: Edge, col: number, top: number): void {
  const { palette, view, geometry: g } = scene;
  const [x, , width] = boxOf(scene, { row: 0, col });
  if (x + width < g.left || x > view.width) return;
  brush.textAlign = "center";
  const lines: [string, number, string][] = [[edge.label(col), 12, `600 11px ${palette.mono}`]];
  if (edge.small) lines.push([edge.small(col), 30, `600 10px ${palette.sans}`]);
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
  if (edge.underlined(col)) underline(brush, palette, x, top + 21, width);
}

function underline(brush: Brush, palette: Palette, x: number, y: number, width: number): void {
  brush.fillStyle = palette.out;
  brush.fillRect(x + 3, y, width - 7, 2);
}

/** x, y, width, height of a cell in the window; edges on whole pixels so that none is blurred. */
function boxOf({ geometry: g, scroll }: Scene, place: Place): [number, number, number, number] {
  const x = Math.round(place.col * g.cellWidth - scroll.x);
  const end = Math.round((place.col + 1) * g.cellWidth - scroll.x);
  const y = Math.round(place.row * g.cellHeight - scroll.y);
  return [g.left + x, g.head + y, end - x, g.cellHeight];
}
