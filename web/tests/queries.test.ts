import { expect, test } from "vitest";
import { halves, weightsAt, type Recipe } from "../src/views/attention/queries";

const PLAIN: Recipe = { scale: 1, cap: null, window: null, causal: true, sink: NaN };

test("half precision is read from its bits", () => {
  const bits = [0x0000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555, 0x8400];
  const numbers = [0, 1, -2, 65504, 2 ** -24, 1365 / 4096, -(2 ** -14)];
  expect([...halves(bits)]).toEqual(numbers.map(Math.fround));
});

// Two numbers a token: scores of the last query are 0, ln 2 and ln 5.
const QUERY = Float32Array.from([0, 0, 0, 0, 1, 0]);
const KEY = Float32Array.from([0, 9, Math.log(2), 9, Math.log(5), 9]);

const told = (row: Float64Array): number[] => [...row].map((w) => Number(w.toFixed(6)));

test("weights are the softmax of what can be seen", () => {
  expect(told(weightsAt(QUERY, KEY, 2, 3, PLAIN))).toEqual([0.125, 0.25, 0.625]);
  expect(told(weightsAt(QUERY, KEY, 1, 3, PLAIN))).toEqual([0.5, 0.5, 0]);
  expect(told(weightsAt(QUERY, KEY, 1, 3, { ...PLAIN, causal: false }))).toEqual(
    [1, 1, 1].map((one) => Number((one / 3).toFixed(6))),
  );
});

test("a window bounds it, a sink takes its share, a scale and a cap come before", () => {
  expect(told(weightsAt(QUERY, KEY, 2, 3, { ...PLAIN, window: 1 }))).toEqual([0, 0, 1]);
  expect(told(weightsAt(QUERY, KEY, 2, 3, { ...PLAIN, sink: Math.log(8) }))).toEqual([
    0.0625, 0.125, 0.3125,
  ]);
  expect(told(weightsAt(QUERY, KEY, 2, 3, { ...PLAIN, scale: 0 }))).toEqual(
    [1, 1, 1].map((one) => Number((one / 3).toFixed(6))),
  );
  const cap = 0.5;
  const capped = [0, Math.log(2), Math.log(5)].map((s) => Math.exp(cap * Math.tanh(s / cap)));
  const total = capped[0]! + capped[1]! + capped[2]!;
  expect(told(weightsAt(QUERY, KEY, 2, 3, { ...PLAIN, cap }))).toEqual(
    capped.map((one) => Number((one / total).toFixed(6))),
  );
});
