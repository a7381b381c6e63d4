import { describe, expect, it } from "vitest";
import type { ExpertsHeader } from "../src/spec/routing";
import { Grid, type Spec } from "../src/spec/spec";
import { Calls } from "../src/views/experts/called";
import { expertsModel, layersModel } from "../src/views/experts/model";

/** Two layers, of 4 and of 2 experts, at two tokens; no expert is called at the last cell. */
function made(own: Partial<ExpertsHeader> = {}): Spec<ExpertsHeader> {
  const header = {
    inputs: ["a", "b"],
    positions: [0, 1],
    produced: [false, true],
    layers: [1, 3],
    counts: [4, 2],
    k: 2,
    scores: ["softmax", ""],
    top: 0.5,
    held: 2,
    ...own,
  } as unknown as ExpertsHeader;
  const floats = (shape: number[], ...values: number[]) =>
    new Grid(Float32Array.from(values), shape);
  const whole = (shape: number[], ...values: number[]) => new Grid(Int32Array.from(values), shape);
  const arrays = {
    chosen: whole([2, 2, 2], 3, 0, 1, 3, 1, -1, -1, -1),
    weight: floats([2, 2, 2], 0.75, 0.25, 0.5, 0.5, 1, NaN, NaN, NaN),
    score: floats([2, 2, 2], 0.5, 0.2, 0.4, 0.4, NaN, NaN, NaN, NaN),
    entropy: floats([2, 2], 1, 1.2, NaN, NaN),
    passed_over: whole([2, 2], 0, 1, -1, -1),
    load: floats([2, 4], 0.5, 0.5, 0, 1, 0, 0.5, NaN, NaN),
  };
  const codes = Uint16Array.from([0, 32768, 65535, 65535, 0, 0, 0, 65535]);
  const read = async (row: number) => new Grid(codes.slice(8 * row, 8 * row + 8), [2, 4]);
  return { kind: "experts", header, arrays, later: { probability: { shape: [2, 2, 4], read } } };
}

describe("the calls of a mixture", () => {
  const calls = new Calls(made());

  it("lists the experts of a cell, and none where none was called", () => {
    expect(calls.at(0, 0).map(({ expert }) => expert)).toEqual([3, 0]);
    expect(calls.at(1, 0)).toHaveLength(1);
    expect(calls.at(1, 1)).toEqual([]);
    expect(calls.weightOf(3, 0, 1)).toBe(0.5);
    expect(calls.weightOf(2, 0, 1)).toBeNaN();
  });

  it("knows equal use by what was called", () => {
    expect(calls.equal(0)).toBe(0.5);
    expect(calls.equal(1)).toBe(0.25);
  });

  it("decodes scores, and has none where there are none", async () => {
    const score = await calls.scoresOf(0);
    expect(score(0, 2)).toBe(0.5);
    expect(score(0, 1)).toBeCloseTo(0.125, 4);
    expect((await calls.scoresOf(1))(0, 0)).toBeNaN();
  });

  it("has no scores of the layers that a page had no room for", async () => {
    const some = new Calls(made({ scores: ["softmax", "softmax"], held: 1 }));
    expect([some.holds(0), some.holds(1)]).toEqual([false, true]);
    expect((await some.scoresOf(0))(0, 2)).toBeNaN();
    expect((await some.scoresOf(1))(0, 2)).toBe(0.5);
  });
});

describe("the grids", () => {
  const calls = new Calls(made());

  it("draw the last layer on top", () => {
    const model = layersModel(calls, "weight", 0, "light");
    expect([model.rowLabel(0), model.rowLabel(1)]).toEqual(["3", "1"]);
    expect([model.text(1, 0), model.text(0, 0), model.text(0, 1)]).toEqual(["3 0", "1", ""]);
    expect(model.paint(0, 1)).toBeNull();
    expect([model.ringed(1, 0), model.ringed(1, 1)]).toEqual([false, true]);
    expect(layersModel(calls, "expert", 3, "light").text(1, 1)).toBe("0.5");
  });

  it("ring the experts that were called", async () => {
    const model = expertsModel(calls, 0, [3, 0, 1, 2], await calls.scoresOf(0), "light");
    expect(model.rowLabel(0)).toBe("3 · 100 %");
    expect([0, 1, 2, 3].map((row) => model.ringed(row, 0))).toEqual([true, true, false, false]);
    expect(model.text(3, 0)).toBe("50.0 %");
  });
});
