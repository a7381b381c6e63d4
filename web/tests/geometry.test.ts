import { expect, test } from "vitest";
import { fullSize, placeAt, scrollTo, visibleRange, type Geometry } from "../src/parts/geometry";

const G: Geometry = {
  rows: 31,
  cols: 1024,
  cellWidth: 66,
  cellHeight: 20,
  left: 52,
  head: 24,
  foot: 38,
};
const VIEW = { width: 800, height: 400 };

test("only what can be seen is drawn, whatever the size of the grid", () => {
  const range = visibleRange(G, { x: 6600, y: 40 }, VIEW);
  expect(range).toEqual({ firstRow: 2, endRow: 19, firstCol: 100, endCol: 112 });
  const end = fullSize(G);
  const last = visibleRange(G, { x: end.width - 800, y: end.height - 400 }, VIEW);
  expect([last.endRow, last.endCol]).toEqual([31, 1024]);
});

test("every cell in view is found at its own middle", () => {
  const scroll = { x: 6613, y: 47 };
  const { firstRow, endRow, firstCol, endCol } = visibleRange(G, scroll, VIEW);
  for (let row = firstRow + 1; row < endRow - 1; row++) {
    for (let col = firstCol + 1; col < endCol - 1; col++) {
      const x = G.left + (col + 0.5) * G.cellWidth - scroll.x;
      const y = G.head + (row + 0.5) * G.cellHeight - scroll.y;
      expect(placeAt(G, scroll, VIEW, x, y)).toEqual({ row, col });
    }
  }
});

test("there is no cell under the edges or beyond the last", () => {
  const scroll = { x: 0, y: 0 };
  expect(placeAt(G, scroll, VIEW, 51, 100)).toBeNull();
  expect(placeAt(G, scroll, VIEW, 100, 23)).toBeNull();
  expect(placeAt(G, scroll, VIEW, 100, 363)).toBeNull();
  expect(placeAt({ ...G, cols: 2 }, scroll, VIEW, 52 + 2 * 66, 100)).toBeNull();
});

test("scrolling to a cell moves no more than it must", () => {
  const there = { x: 6600, y: 40 };
  expect(scrollTo(G, there, VIEW, { row: 5, col: 105 })).toEqual(there);
  const first = scrollTo(G, there, VIEW, { row: 0, col: 0 });
  expect(first).toEqual({ x: 0, y: 0 });
  const { firstRow, endRow, firstCol, endCol } = visibleRange(
    G,
    scrollTo(G, first, VIEW, { row: 30, col: 1023 }),
    VIEW,
  );
  expect(firstRow <= 30 && endRow === 31 && firstCol <= 1023 && endCol === 1024).toBe(true);
});

test("a cell far out of view is brought to the middle, where there is room", () => {
  const { x, y } = scrollTo(G, { x: 0, y: 0 }, VIEW, { row: 15, col: 500 });
  const middle = x + (VIEW.width - G.left) / 2;
  expect(Math.floor(middle / G.cellWidth)).toBe(500);
  expect(y).toBeGreaterThan(0);
  expect(scrollTo(G, { x: 30000, y: 0 }, VIEW, { row: 0, col: 1 }).x).toBe(0);
});
