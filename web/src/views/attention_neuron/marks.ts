import type { Brush } from "../../parts/brush";
import { ROW, SINK, span, topOf } from "./layout";
import { inputsOf } from "./links";
import type { Scene } from "./scene";

/** Frames: the cell that is told, thick; what it is made of, thin. */
export function paintMarks(brush: Brush, scene: Scene, inPart: (key: number) => boolean): void {
  const { layout, cell, view, scroll } = scene;
  for (const { key, block, entry } of inputsOf(cell)) {
    const column = layout.columns.find((one) => one.block === block);
    if (!column || !inPart(key ?? 0) || (key === SINK && !layout.sink)) continue;
    const [x, width] = entry === null ? [column.x, column.width] : span(column, entry);
    const top = key === null ? layout.head : topOf(layout, key, scroll, view.height);
    const height = key === null ? layout.keys.length * ROW : ROW;
    frame(brush, scene, [x - scroll.x, key === null ? top - scroll.y : top, width, height], 1.5);
  }
  const own = layout.columns.find((one) => one.block === cell.block);
  if (!own || !inPart(cell.key) || !own.entries.includes(cell.entry)) return;
  const [x, width] = span(own, cell.entry);
  frame(
    brush,
    scene,
    [x - scroll.x, topOf(layout, cell.key, scroll, view.height), width, ROW],
    2.5,
  );
}

function frame(
  brush: Brush,
  { palette }: Scene,
  [x, y, width, height]: readonly [number, number, number, number],
  line: number,
): void {
  for (const [style, wide] of [
    [palette.card, line + 2],
    [palette.ink, line],
  ] as const) {
    brush.strokeStyle = style;
    brush.lineWidth = wide;
    brush.strokeRect(x - 0.5, y - 0.5, width, height);
  }
}
