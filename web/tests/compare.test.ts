import { expect, test } from "vitest";
import { points, signed, tenths } from "../src/parts/signed";
import type { CompareAttentionHeader, CompareExpertsHeader, SlotRow } from "../src/spec/compare";
import { Grid, type Spec } from "../src/spec/spec";
import { slotChips, slotEdge, slotName, slotPlace } from "../src/views/compare/slots";
import { PairHeads } from "../src/views/compare_attention/heads";
import { sidesOf } from "../src/views/compare_attention/sides";
import { apart, PairWeights } from "../src/views/compare_attention/weights";
import { changed, strongest } from "../src/views/compare_experts/model";
import { Routes } from "../src/views/compare_experts/routes";

/** "The old She" beside "The He": the second slot has no partner. */
const ROW: SlotRow = {
  at: [
    [0, 1, 2],
    [0, -1, 1],
  ],
  inputs: [
    ["The", "·old", "·She"],
    ["The", "", "·He"],
  ],
  produced: [
    [false, false, false],
    [false, false, true],
  ],
  same: [true, false, false],
};

const sides = ([levels, others]: readonly [number[], number[]]): [Grid, Grid] => [
  new Grid(Uint16Array.from(levels), [levels.length]),
  new Grid(Uint16Array.from(others), [others.length]),
];

test("numbers carry their sign", () => {
  expect([signed(0.31), signed(-2), signed(0), signed(NaN)]).toEqual(["+0.31", "−2.00", "0", "–"]);
  expect(points(-0.263)).toBe("−26.3 points");
  expect([tenths(38.14), tenths(-0.04), tenths(-3), tenths(NaN)]).toEqual([
    "+38.1",
    "0",
    "−3.0",
    "",
  ]);
});

test("a slot is named by its token, or by both", () => {
  expect(slotName(ROW, 0)).toBe("The");
  expect(slotName(ROW, 1)).toBe("·old / ∅");
  expect(slotName(ROW, 2)).toBe("·She / ·He");
  expect(slotEdge(ROW, "position").label(2)).toBe("·She/·He");
  expect(slotPlace(ROW, 0)).toBe("position 0");
  expect(slotPlace(ROW, 1)).toBe("positions 1 / –");
  expect(slotChips(ROW).map(({ label, note }) => [label, note])).toEqual([
    ["The", ""],
    ["·old", "∅"],
    ["·She", "·He"],
  ]);
});

test("weights of causal heads are a triangle, of others a square", () => {
  const causal = new PairWeights(
    ROW,
    sides([
      [65535, 13107, 52428, 0, 0, 65535],
      [65535, 0, 0, 65535, 0, 0],
    ]),
    true,
  );
  expect(causal.at(0, 1, 1)).toBeCloseTo(0.8, 6);
  expect(causal.at(0, 0, 1)).toBeNaN();
  expect(causal.at(1, 2, 1)).toBeNaN();
  expect(causal.difference(2, 0)).toBe(1);
  expect(causal.difference(1, 0)).toBeNaN();
  const square = new PairWeights(
    ROW,
    sides([[0, 65535, 0, 0, 0, 0, 0, 0, 0], Array(9).fill(0)]),
    false,
  );
  expect(square.at(0, 0, 1)).toBe(1);
});

test("keys are told by how much they differ, and absent ones have no weight", () => {
  const weights = new PairWeights(
    ROW,
    sides([
      [65535, 0, 0, 0, 39321, 26214],
      [65535, 0, 0, 13107, 0, 52428],
    ]),
    true,
  );
  const found = weights.outgoing(2);
  expect(found.map(({ slot }) => slot)).toEqual([1, 2, 0]);
  expect(found.map(apart).map((gap) => Math.round(10 * gap))).toEqual([6, 4, 2]);
});

test("a head that is not in the page is asked for, by its numbers", async () => {
  const grid = (...shape: number[]): Grid =>
    new Grid(new Int32Array(shape.reduce((a, b) => a * b, 1)).fill(-1), shape);
  const arrays = {
    thumbnails: grid(1, 2, 1, 1),
    variation: grid(1, 2),
    largest: grid(1, 2),
    rows: grid(1, 2, 3),
    place: grid(1, 2),
  };
  const header = { ...ROW, layers: [9], heads: [2, 3] } as unknown as CompareAttentionHeader;
  const spec: Spec<CompareAttentionHeader> = { kind: "compare_attention", header, arrays };
  const heads = new PairHeads(spec);
  const asked: unknown[] = [];
  const ask = async (question: unknown): Promise<Grid> => {
    asked.push(question);
    return new Grid(Uint16Array.from([1, 2, 3, 4]), [2, 2]);
  };
  const [first, second] = await sidesOf(spec, heads, ask, { layer: 0, head: 1 });
  expect(asked).toEqual([{ what: "head", layer: 9, head: 3 }]);
  expect([...first.data, ...second.data]).toEqual([1, 2, 3, 4]);
  await expect(sidesOf(spec, heads, null, { layer: 0, head: 1 })).rejects.toThrow("no weights");
});

test("weights on another text are a rectangle, row by row", () => {
  const keys: SlotRow = {
    at: [
      [0, 1],
      [0, -1],
    ],
    inputs: [
      ["the", "·house"],
      ["the", ""],
    ],
    produced: [
      [false, false],
      [false, false],
    ],
    same: [true, false],
  };
  const levels = [65535, 0, 13107, 52428, 0, 65535];
  const weights = new PairWeights({ ...ROW, keys }, sides([levels, levels]), false);
  expect([weights.queries, weights.keys]).toEqual([3, 2]);
  expect(weights.at(0, 1, 1)).toBeCloseTo(0.8, 6);
  expect(weights.at(1, 1, 0)).toBeNaN(); // the second run has no such query
  expect(weights.at(1, 2, 1)).toBeNaN(); // nor such a key
  expect(weights.outgoing(2).map(({ slot, first }) => [slot, first])).toEqual([
    [1, 1],
    [0, 0],
  ]);
  expect(weights.incoming(0)).toHaveLength(3);
});

test("of experts those that changed are named, the strongest first", () => {
  const grid = (shape: number[], values: readonly number[]): Grid =>
    new Grid(Float32Array.from(values), shape);
  const arrays = {
    place: grid([1], [0]),
    expert: grid([1, 3, 3], [5, 2, 7, 1, -1, -1, 4, -1, -1]),
    weight: grid(
      [2, 1, 3, 3],
      [0.7, 0.3, 0, 1, NaN, NaN, 0.5, NaN, NaN, 0, 0.4, 0.6, NaN, NaN, NaN, 0.5, NaN, NaN],
    ),
    score: grid([2, 1, 3, 3], Array(18).fill(0.1)),
    variation: grid([1, 3], [0.7, NaN, 0]),
    shared: grid([1, 3], [1, NaN, 1]),
    rerouted: grid([3], [0, NaN, 0]),
    entropy: grid([2, 1, 3], Array(6).fill(1)),
    load: grid([2, 1, 8], [0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.25, 0]),
  };
  const header = { ...ROW, layers: [3], counts: [8], scores: ["softmax"] };
  const spec = { kind: "compare_experts", header, arrays };
  const routes = new Routes(spec as unknown as Spec<CompareExpertsHeader>);
  expect(changed(routes, 0, 0)).toBe("5 → 7");
  expect(changed(routes, 0, 1)).toBe("");
  expect(changed(routes, 0, 2)).toBe("");
  expect(routes.called(1, 0, 0).map(({ expert }) => expert)).toEqual([7, 2]);
  expect(routes.weightsOf(2, 0, 0)[1]).toBeCloseTo(0.4, 6);
  expect(routes.weightsOf(3, 0, 1)).toEqual([0, NaN]);
  expect(routes.ranked()).toEqual([0, 2]);
  expect(routes.busiest(0)).toBe(0.5);
  expect(routes.change(0, 1)).toBe(-0.5);
  const without = { ...spec, arrays: { ...arrays, place: grid([1], [-1]) } };
  const absent = new Routes(without as unknown as Spec<CompareExpertsHeader>);
  expect([absent.at(0, 0), absent.weightsOf(2, 0, 0)]).toEqual([[], [NaN, NaN]]);
  expect(absent.variation(0, 0)).toBe(routes.variation(0, 0));
});

test("a cell never cuts a number: many experts are told by the strongest", () => {
  const one = (expert: number) => ({ expert, weights: [1, 1] as const, scores: [1, 1] as const });
  expect(strongest([21, 5].map(one))).toBe("21 5");
  expect(strongest([21, 15, 25, 26].map(one))).toBe("21 +3");
});
