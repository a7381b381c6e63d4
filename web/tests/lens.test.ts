import { expect, test, vi } from "vitest";
import { Selection } from "../src/parts/selection";
import type { LensHeader } from "../src/spec/headers";
import { Grid, type Spec } from "../src/spec/spec";
import { sameCell, shownCell, type State } from "../src/views/lens/cell";
import { LensCells } from "../src/views/lens/cells";
import { drawnRows, rowIndex } from "../src/views/lens/rows";
import { LensState } from "../src/views/lens/state";
import { kept, Place } from "./places";

const quantity = (name: string) => ({ name, words: name, unit: "" });

/** Layers in, 0, 1 by positions 3, 4 by k = 1. Tokens 7 and 8 have the same label. */
const HEADER = {
  positions: [3, 4],
  layers: [-1, 0, 1],
  inputs: ["a", "b"],
  nexts: ["same", ""],
  next_ids: [8, -1],
  k: 1,
  vocabulary: ["same", "same", "other"],
  rank_of: { name: "top", words: "", target: [1, -1] },
  quantities: [quantity("probability"), quantity("rank")],
  opens_with: "rank",
  inside: true,
} as unknown as LensHeader;

const ints = (...values: number[]) => new Grid(Int32Array.from(values), [3, 2, 1]);
const floats = (...values: number[]) => new Grid(Float32Array.from(values), [3, 2, 1]);
const ranks = (...values: number[]) => new Grid(Int32Array.from(values), [3, 2]);

const after = {
  top_index: ints(2, -1, 0, 2, 1, 2),
  top_id: ints(9, -1, 7, 9, 8, 9),
  top_probability: floats(0.1, NaN, 0.3, 0.4, 0.5, 0.6),
  top_logit: floats(1, NaN, 3, 4, 5, 6),
  rank: ranks(4, 0, 3, 2, 1, 1),
};
const within = Object.fromEntries(
  Object.entries(after).map(([name, grid]) => [
    `inside_${name}`,
    new Grid(grid.data.slice().reverse(), grid.shape),
  ]),
);
const spec: Spec<LensHeader> = {
  kind: "logit_lens",
  header: HEADER,
  arrays: { ...after, ...within },
  later: {},
};
const cells = new LensCells(spec);
const opened = (fragment = "", header = HEADER): State =>
  new LensState(header, kept(new Place(fragment))).state;
const cell = (layer: number, at: number, inside = false) => ({ layer, at, inside });

test("a cell foretells the next token by its id, not by its label", () => {
  expect(cells.topLabel(cell(0, 3))).toBe(cells.topLabel(cell(1, 3)));
  expect(cells.foretells(cell(0, 3))).toBe(false);
  expect(cells.foretells(cell(1, 3))).toBe(true);
  expect(cells.foretells(cell(-1, 4))).toBe(false);
});

test("numbers are those of the cell; undefined ones are NaN, labels a dash", () => {
  const [probability, rank] = HEADER.quantities;
  expect(cells.value(probability!, cell(1, 4))).toBeCloseTo(0.6);
  expect(cells.value(rank!, cell(0, 4))).toBe(2);
  expect(cells.value(rank!, cell(-1, 4))).toBeNaN();
  expect(cells.value(rank!, cell(0, 4, true))).toBe(3);
  expect(cells.topLabel(cell(-1, 4))).toBe("–");
  expect(cells.candidates(cell(-1, 4))).toEqual([]);
  expect([cells.target(3), cells.target(4)]).toEqual(["same", "–"]);
});

test("a cell that was checked says what float32 has on top", () => {
  const bytes = (...values: number[]) => new Grid(Uint8Array.from(values), [3, 2]);
  const checked = new LensCells({
    ...spec,
    header: { ...HEADER, checked: true },
    arrays: {
      ...spec.arrays,
      changed: bytes(0, 0, 1, 0, 0, 0),
      float32_index: ranks(2, -1, 2, 2, 1, 2),
      inside_changed: bytes(0, 0, 0, 0, 0, 1),
      inside_float32_index: ranks(-1, -1, 0, 0, 0, 2),
    },
  });
  expect(checked.changed(cell(0, 3))).toBe(true);
  expect(checked.float32(cell(0, 3))).toBe("other");
  expect(checked.changed(cell(0, 3, true))).toBe(false);
  expect(checked.changed(cell(1, 4, true))).toBe(true);
  expect(checked.float32(cell(-1, 4))).toBeNull(); // not computed yet
  expect([cells.changed(cell(0, 3)), cells.float32(cell(0, 3))]).toEqual([false, null]);
});

test("values off the scale are said to be so, where their rows are drawn", () => {
  const scale = { ...HEADER.quantities[1]!, low: 1, high: 3 };
  const rows = drawnRows(HEADER, opened());
  expect(cells.clipped(scale, rows)).toEqual({ below: false, above: true });
  const after = rows.filter((row) => row.layer >= 0 && !row.inside);
  expect(cells.clipped(scale, after)).toEqual({ below: false, above: false });
});

test("candidates are marked as the final layer's token and as the next", () => {
  expect(cells.candidates(cell(1, 3))).toMatchObject([{ isFinal: true, isNext: true }]);
  expect(cells.candidates(cell(0, 3))).toMatchObject([{ isFinal: false, isNext: false }]);
});

test("rows are drawn from the final layer down, or from the input down", () => {
  const state = opened();
  const names = (change: object) =>
    drawnRows(HEADER, { ...state, ...change }).map((row) => `${row.layer}${row.inside ? "i" : ""}`);
  expect(names({})).toEqual(["1", "1i", "0", "0i", "-1"]);
  expect(names({ finalOnTop: false, inputRow: false })).toEqual(["0i", "0", "1i", "1"]);
  const rows = drawnRows(HEADER, { ...state, inputRow: false });
  expect(rowIndex(rows, cell(0, 3, true))).toBe(3);
  expect(rowIndex(rows, cell(-1, 3))).toBe(-1);
});

test("the rank grid of the tokens that came begins with the first block", () => {
  const grid = { ...HEADER, rank_of: { ...HEADER.rank_of, name: "next" } };
  expect(opened().finalOnTop).toBe(true);
  expect(opened("", grid).finalOnTop).toBe(false);
});

test.each<[Partial<State>, string]>([
  [{}, ""],
  [{ at: 3, layer: 0, mode: "probability" }, "at=3&layer=0&mode=probability"],
  [{ layer: -1, pinned: true }, "layer=in&pinned=yes"],
  [{ inside: true, finalOnTop: false, inputRow: false }, "inside=yes&final=bottom&input=hidden"],
  [{ overview: true, panel: "table" }, "cells=fit&show=table"],
])("a state is what its address says (%#)", (change, fragment) => {
  const place = new Place();
  const lens = new LensState(HEADER, kept(place));
  const start = lens.state;
  lens.set(change);
  expect(place.fragment).toBe(fragment);
  expect(opened(fragment)).toEqual({ ...start, ...change });
});

test.each(["at=0", "layer=2", "mode=tv", "show=all", "pinned=maybe", "final=left", "foo=1"])(
  "an address is followed as far as the picture has it: %s",
  (fragment) => expect(opened(fragment)).toEqual(opened()),
);

test("a choice in a hidden row, or inside the input, is none", () => {
  expect(opened("layer=in&input=hidden").layer).toBe(1);
  expect(opened("layer=in&inside=yes")).toMatchObject({ layer: -1, inside: false });
});

test("hovering is told but not in the address", () => {
  const place = new Place();
  const lens = new LensState(HEADER, kept(place));
  const heard = vi.fn();
  lens.subscribe(heard);
  lens.set({ hover: cell(0, 3) });
  expect(heard).toHaveBeenCalledOnce();
  expect(lens.state.hover).toEqual(cell(0, 3));
  expect(place.fragment).toBe("");
});

test("the position and the layer are those of the page's selection", () => {
  const selection = new Selection(null);
  const lens = new LensState(HEADER, { address: null, scope: "lens.", selection });
  selection.set({ at: 3, layer: 0 });
  expect(lens.state).toMatchObject({ at: 3, layer: 0 });
  lens.set({ layer: -1 });
  expect(selection.picked).toMatchObject({ at: 3, layer: -1, head: null });
});

test("the shown cell is the one under the pointer, unless one is pinned", () => {
  const state = opened();
  const other = cell(0, 3);
  expect(sameCell(shownCell(state), state)).toBe(true);
  expect(sameCell(shownCell({ ...state, hover: other }), other)).toBe(true);
  expect(sameCell(shownCell({ ...state, hover: other, pinned: true }), state)).toBe(true);
});
