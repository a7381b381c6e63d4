import type { Brush } from "../../parts/brush";
import { paintRow } from "./cells";
import { paintLabel, paintSum, paintTitle } from "./edges";
import { OUTPUT, QUERY, ROW, SINK, topOf } from "./layout";
import { paintMarks } from "./marks";
import type { Scene } from "./scene";

/** Room for the frame around the first cell of a row. */
const RIM = 4;

/** Draws the rows that can be seen, then the query above them, the output below, and the labels. */
export function paint(brush: Brush, scene: Scene): void {
  const { layout, view, scroll, palette } = scene;
  brush.textBaseline = "middle";
  brush.direction = "ltr";
  const first = Math.max(0, Math.floor(scroll.y / ROW));
  const end = Math.ceil((scroll.y + view.height - layout.head - layout.foot) / ROW);
  const rows = layout.keys.slice(first, end);
  const body = [layout.left - RIM, layout.head, view.width, view.height - layout.foot] as const;
  clipped(brush, body, () => {
    rows.forEach((key, i) =>
      paintRow(brush, scene, key, layout.head + (first + i) * ROW - scroll.y),
    );
    paintMarks(brush, scene, (key) => key >= 0);
  });
  clipped(brush, [0, layout.head, layout.left - RIM, body[3]], () =>
    rows.forEach((key, i) =>
      paintLabel(brush, scene, key, layout.head + (first + i) * ROW - scroll.y),
    ),
  );
  const special = [QUERY, ...(layout.sink ? [SINK] : []), OUTPUT];
  clipped(brush, [layout.left - RIM, 0, view.width, view.height], () => {
    for (const column of layout.columns) paintTitle(brush, scene, column);
    for (const key of special) paintRow(brush, scene, key, topOf(layout, key, scroll, view.height));
    paintSum(brush, scene);
    paintMarks(brush, scene, (key) => key < 0);
  });
  for (const key of special) paintLabel(brush, scene, key, topOf(layout, key, scroll, view.height));
  brush.fillStyle = palette.line;
  brush.fillRect(0, view.height - layout.foot + 2, Math.min(view.width, layout.width), 1);
}

function clipped(
  brush: Brush,
  [left, top, right, bottom]: readonly [number, number, number, number],
  draw: () => void,
): void {
  brush.save();
  brush.beginPath();
  brush.rect(left, top, right - left, bottom - top);
  brush.clip();
  draw();
  brush.restore();
}
