import type { Brush } from "../../parts/brush";
import { fitted } from "../../parts/fitted";
import { percent, quantity } from "../../parts/format";
import { HEAD, isVector, OUTPUT, QUERY, ROW, SINK, span, type Block, type Column } from "./layout";
import type { Scene } from "./scene";

const TITLES: Readonly<Record<Block, string>> = {
  key: "key",
  product: "query × key",
  dot: "dot product",
  score: "score",
  weight: "weight",
  value: "value",
  weighted: "weight × value",
};
const SPECIAL: Readonly<
  Record<number, { readonly words: string; readonly end: "query" | "output" | null }>
> = {
  [QUERY]: { words: "query", end: "query" },
  [SINK]: { words: "no token", end: null },
  [OUTPUT]: { words: "output", end: "output" },
};
/** The room of an entry's number. */
const TICK = 26;

/** The name of a block, the number at which its colours are strongest, and its entries. */
export function paintTitle(brush: Brush, scene: Scene, column: Column): void {
  const { numbers, palette, scroll } = scene;
  const x = column.x - scroll.x;
  brush.font = `600 11px ${palette.sans}`;
  brush.fillStyle = palette.ink;
  brush.textAlign = column.block === "dot" || column.block === "score" ? "right" : "left";
  const edge = brush.textAlign === "right" ? x + column.width - 6 : x;
  brush.fillText(TITLES[column.block], edge, HEAD.title);
  if (!isVector(column.block)) return paintMoment(brush, scene, column, edge);
  const room = brush.measureText(TITLES[column.block]).width + 8;
  brush.font = `10px ${palette.sans}`;
  brush.fillStyle = palette.dim;
  const end = `strongest at ±${quantity(numbers.end(column.block))}`;
  const fits = room + brush.measureText(end).width <= column.width;
  brush.fillText(fits ? end : end.replace("strongest at ", ""), x + room, HEAD.title);
  paintTicks(brush, scene, column);
}

/** Where the vectors are shown as they were before rotary: which numbers are of then. */
function paintMoment(brush: Brush, scene: Scene, { block }: Column, edge: number): void {
  const { numbers, palette } = scene;
  if (numbers.vectors === numbers.head.after) return;
  brush.font = `10px ${palette.sans}`;
  brush.fillStyle = palette.dim;
  brush.fillText(block === "dot" ? "before rotary" : "after rotary", edge, HEAD.ticks);
}

/** The numbers of the entries, as many as have room; every one where they are not in order. */
function paintTicks(brush: Brush, scene: Scene, column: Column): void {
  const { scroll, cell } = scene;
  const step = Math.ceil(TICK / (column.width / column.entries.length));
  const told = cell.block === column.block ? column.entries.indexOf(cell.entry) : -step;
  brush.textAlign = "center";
  column.entries.forEach((entry, place) => {
    const chosen = place === told;
    const near = Math.abs(place - told) < step;
    if (!chosen && (place % step || near)) return;
    const [x, width] = span(column, entry);
    brush.fillText(String(entry), x + width / 2 - scroll.x, HEAD.ticks);
  });
}

/** The token of a row and its position; a special row's name, with the end of its colours. */
export function paintLabel(brush: Brush, scene: Scene, key: number, y: number): void {
  const { numbers, palette, cell, layout } = scene;
  const { keys } = numbers.head;
  const chosen = key === cell.key;
  const special = SPECIAL[key];
  const seen = special !== undefined || !Number.isNaN(numbers.row.score[key]!);
  brush.textAlign = "right";
  brush.font = `10px ${palette.sans}`;
  brush.fillStyle = palette.dim;
  if (!special) brush.fillText(String(keys.positions[key]!), 30, y + ROW / 2);
  else if (special.end) {
    const end = `±${quantity(numbers.end(special.end))}`;
    brush.fillText(end, layout.left - 8, y + ROW / 2);
  }
  brush.textAlign = "left";
  const font = special ? `11px ${palette.sans}` : `12px ${palette.mono}`;
  brush.font = chosen ? `600 ${font}` : font;
  brush.fillStyle = chosen ? palette.out : seen ? palette.ink : palette.dim;
  const words = special?.words ?? keys.inputs[key]!;
  brush.fillText(fitted(brush, words, layout.left - 44), 36, y + ROW / 2);
}

/** Under the weights: what the tokens have together. */
export function paintSum(brush: Brush, scene: Scene): void {
  const { layout, numbers, palette, scroll, view } = scene;
  const column = layout.columns.find(({ block }) => block === "weight");
  if (!column) return;
  const sum = numbers.row.weight.reduce((all, weight) => all + weight, 0);
  brush.font = `11px ${palette.sans}`;
  brush.textAlign = "left";
  brush.fillStyle = palette.dim;
  brush.fillText(
    `sum ${percent(Math.round(sum * 1e6) / 1e6)}`,
    column.x + 5 - scroll.x,
    view.height - ROW / 2,
  );
}
