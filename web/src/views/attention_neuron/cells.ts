import type { Brush } from "../../parts/brush";
import { percent } from "../../parts/format";
import { paintOf } from "../../parts/ramp";
import { has, OUTPUT, QUERY, ROW, type Column } from "./layout";
import type { Scene } from "./scene";
import { number } from "./words";

/** Cells narrower than this touch; carry no dash for a negative number; carry no number. */
const WIDTHS = { gap: 6, dash: 6, text: 29 } as const;
/** How strong a cell must be to have a dash. */
const DASHED = 0.12;

/** Draws a row of cells: of a key, or of the query, the sink or the output. */
export function paintRow(brush: Brush, scene: Scene, key: number, y: number): void {
  const { layout, numbers, palette, scroll } = scene;
  const hidden = key >= 0 && Number.isNaN(numbers.row.score[key]!);
  for (const column of layout.columns) {
    if (!has(key, column.block)) continue;
    const { block } = column;
    if (hidden && block !== "key" && block !== "value") {
      brush.fillStyle = palette.void;
      brush.fillRect(column.x - scroll.x, y, column.width, ROW - 1);
    } else if (block === "weight") paintWeight(brush, scene, column, key, y);
    else if (block === "dot" || block === "score") paintNumber(brush, scene, column, key, y);
    else paintCells(brush, scene, column, key, y);
  }
}

/** Clay is positive, teal negative with a dash; the square root of the share of the end. */
function paintCells(brush: Brush, scene: Scene, column: Column, key: number, y: number): void {
  const { numbers, palette, scheme, scroll, view, layout } = scene;
  const part = key === QUERY ? "query" : key === OUTPUT ? "output" : column.block;
  const end = numbers.end(part);
  const cell = column.width / column.entries.length;
  const gap = cell >= WIDTHS.gap ? 1 : 0;
  brush.font = `9px ${palette.sans}`;
  brush.textAlign = "center";
  column.entries.forEach((entry, place) => {
    const x = Math.round(column.x + place * cell) - scroll.x;
    const width = Math.round(column.x + (place + 1) * cell) - scroll.x - x;
    if (x + width < layout.left || x > view.width) return;
    const value = numbers.value({ key, block: column.block, entry });
    const share = Math.sqrt(Math.abs(value) / end);
    const tone = paintOf(value < 0 ? "teal" : "clay", scheme, share)!;
    brush.fillStyle = tone.fill;
    brush.fillRect(x, y, width - gap, ROW - 1);
    brush.fillStyle = tone.ink;
    if (cell >= WIDTHS.text) {
      brush.fillText(rounded(value), x + (width - gap) / 2, y + ROW / 2);
    } else if (value < 0 && cell >= WIDTHS.dash && share > DASHED) {
      brush.globalAlpha = 0.6;
      brush.fillRect(x + Math.round((width - gap - 3) / 2), y + ROW / 2 - 1, 3, 1);
      brush.globalAlpha = 1;
    }
  });
}

/** A number in the five characters that a cell has room for. */
function rounded(value: number): string {
  const size = Math.abs(value);
  const text = value.toFixed(size >= 9.95 ? 0 : size >= 0.995 ? 1 : 2);
  return Number(text) === 0 ? "0" : text.replace("-", "−");
}

function paintNumber(brush: Brush, scene: Scene, column: Column, key: number, y: number): void {
  const { numbers, palette, scroll } = scene;
  brush.font = `11px ${palette.sans}`;
  brush.textAlign = "right";
  brush.fillStyle = palette.ink;
  const value = numbers.value({ key, block: column.block, entry: 0 });
  brush.fillText(number(value), column.x + column.width - 6 - scroll.x, y + ROW / 2);
}

/** A bar: its length is the weight, linear; the number stands on it. */
function paintWeight(brush: Brush, scene: Scene, column: Column, key: number, y: number): void {
  const { numbers, palette, scheme, scroll } = scene;
  const weight = numbers.value({ key, block: "weight", entry: 0 });
  const x = column.x - scroll.x;
  brush.fillStyle = paintOf("clay", scheme, 0.3)!.fill;
  brush.fillRect(x, y + 2, Math.max(weight > 0 ? 1 : 0, column.width * weight), ROW - 5);
  brush.font = `11px ${palette.sans}`;
  brush.textAlign = "left";
  brush.fillStyle = palette.ink;
  brush.fillText(percent(weight), x + 5, y + ROW / 2);
}
