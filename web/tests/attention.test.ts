import { describe, expect, it } from "vitest";
import { HeadWeights, told } from "../src/views/attention/weights";

/** As many keys as queries. */
const square = (count: number) => ({ query: count, key: count });

/** Levels of a causal head of three tokens, row by row: weights 1; 0.36 0.64; 0.04 0.16 0.8. */
const LEVELS = new Uint8Array([255, 153, 204, 51, 102, 228]);

describe("the weights of a head", () => {
  it("are the squares of their levels, and undefined where nothing was seen", () => {
    const weights = new HeadWeights(LEVELS, square(3), true, false);
    expect(weights.at(1, 0)).toBeCloseTo(0.36, 6);
    expect(weights.at(2, 1)).toBeCloseTo(0.16, 6);
    expect(weights.at(0, 1)).toBeNaN();
  });

  it("sum to 1 without the first token", () => {
    const weights = new HeadWeights(LEVELS, square(3), true, true);
    expect(weights.at(1, 1)).toBeCloseTo(1, 6);
    expect(weights.at(2, 1) + weights.at(2, 2)).toBeCloseTo(1, 6);
    expect(weights.at(2, 0)).toBe(0);
    expect(weights.outgoing(0)).toEqual([]);
  });

  it("are listed the most first, both ways", () => {
    const weights = new HeadWeights(LEVELS, square(3), true, false);
    expect(weights.outgoing(2).map(({ token }) => token)).toEqual([2, 1, 0]);
    expect(weights.incoming(1).map(({ token }) => token)).toEqual([1, 2]);
  });

  it("are cut in each row where its share of the mass is reached", () => {
    const weights = new HeadWeights(LEVELS, square(3), true, false);
    const { least, drawn } = weights.cut(0.6);
    expect([...least]).toEqual([255, 204, 228]);
    expect(drawn).toBeCloseTo((1 + 0.64 + 0.8) / 3, 2);
    expect(weights.cut(1).drawn).toBeCloseTo(1, 6);
  });

  it("are whole squares where a head looks ahead", () => {
    const weights = new HeadWeights(new Uint8Array([153, 204, 204, 153]), square(2), false, false);
    expect(weights.at(0, 1)).toBeCloseTo(0.64, 6);
    expect(weights.incoming(1).map(({ token }) => token)).toEqual([0, 1]);
  });

  it("are told with two figures", () => {
    expect([0.774, 0.0412, 0.00123, 0, NaN, 1].map(told)).toEqual([
      "77 %",
      "4.1 %",
      "0.12 %",
      "< 0.01 %",
      "–",
      "100 %",
    ]);
  });
});

it("weights on another text have rows of its length, and none is cut off", () => {
  const levels = new Uint8Array([153, 204, 0, 0, 153, 204]); // two queries, three keys
  const weights = new HeadWeights(levels, { query: 2, key: 3 }, false, false);
  expect(weights.reach(0)).toBe(3);
  expect(weights.at(0, 2)).toBe(0);
  expect(weights.at(1, 2)).toBeCloseTo(0.64);
  expect(weights.outgoing(1).map(({ token }) => token)).toEqual([2, 1, 0]);
  expect(weights.incoming(1).map(({ token }) => token)).toEqual([0, 1]);
  expect(weights.cut(0.5).drawn).toBeCloseTo(0.64);
});
