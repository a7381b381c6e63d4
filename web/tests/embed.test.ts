import { expect, test } from "vitest";
import { Grid } from "../src/spec/spec";
import { embedModel, isOverview } from "../src/views/embed/cells";

function model(count: number) {
  const texts = Array.from({ length: count }, (_, i) => `text ${i} `.repeat(9));
  const similarity = new Grid(new Float32Array(count * count).fill(0.5), [count, count]);
  return { texts, model: embedModel(texts, similarity, "light") };
}

test("a few texts have each its number and its words beside its row", () => {
  const { texts, model: few } = model(6);
  expect(isOverview(texts)).toBe(false);
  expect(few.rowLabel(5)).toMatch(/^5 {2}text 5 .*…$/);
  expect([few.above.label(5), few.above.small]).toEqual(["5", null]);
});

test("many texts are seen as a whole, with names of some rows and of the chosen column", () => {
  const { texts, model: many } = model(400);
  expect(isOverview(texts)).toBe(true);
  expect(many.rowHeight! * 400).toBeLessThanOrEqual(1200);
  const named = texts.map((_, row) => many.rowLabel(row)).filter(Boolean);
  expect(named.length * 13).toBeLessThanOrEqual(many.rowHeight! * 400);
  expect(named.length).toBeGreaterThan(50);
  expect(many.above.label(7)).toContain("text 7");
  expect(many.above.small!(7)).toBe("7");
});
