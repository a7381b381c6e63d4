import { expect, test } from "vitest";
import type { GridModel } from "../src/parts/heatmodel";
import { NO_EDGE } from "../src/parts/heatmodel";
import { paintScene } from "../src/parts/heatpaint";
import type { Brush } from "../src/parts/brush";
import type { Palette } from "../src/parts/theme";

/** What is written into cells of a width, with letters of 7 pixels. */
function written(cellWidth: number, uncut: boolean): string[] {
  const texts: string[] = [];
  const pen = { font: "", measureText: (text: string) => ({ width: 7 * text.length }) };
  const brush = new Proxy(pen, {
    get: (target, name) =>
      name === "fillText"
        ? (text: string) => texts.push(text)
        : (Reflect.get(target, name) ?? ((): void => {})),
  });
  const model: GridModel = {
    ...{ rows: 1, cols: 2, label: "", paint: () => null, ringed: () => false, uncut },
    ...{ above: NO_EDGE, below: NO_EDGE, rowLabel: () => "" },
    text: (_, col) => ["12345", "5"][col]!,
  };
  const geometry = { rows: 1, cols: 2, cellWidth, cellHeight: 20, left: 20, head: 0, foot: 0 };
  paintScene(brush as unknown as Brush, {
    ...{ geometry, model, scroll: { x: 0, y: 0 }, view: { width: 200, height: 20 } },
    ...{ palette: {} as Palette, selected: null, hover: null },
  });
  return texts.filter(Boolean);
}

test("a number is never cut: where one has no room none is drawn; words are cut", () => {
  expect(written(60, true)).toEqual(["12345", "5"]);
  expect(written(30, true)).toEqual([]);
  expect(written(30, false)).toEqual(["12…", "5"]);
});
