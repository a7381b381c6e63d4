import { expect, test } from "vitest";
import { paintOf, shareOf, STOPS } from "../src/parts/ramp";
import type { Quantity } from "../src/spec/headers";

const RANK: Quantity = {
  name: "rank",
  words: "",
  unit: "",
  scale: "log",
  low: 1,
  high: 10000,
  ramp: "teal",
  strong: "low",
};

test("a rank's share falls evenly with its logarithm, 1 being strong", () => {
  const shares = [1, 10, 100, 1000, 10000].map((rank) => shareOf(RANK, rank));
  expect(shares).toEqual([1, 0.75, 0.5, 0.25, 0].map((share) => expect.closeTo(share, 12)));
});

test("values off the scale take its ends; undefined ones have no share", () => {
  const linear: Quantity = { ...RANK, scale: "linear", low: 0, high: 5, strong: "high" };
  expect([-1, 0, 5, 80].map((value) => shareOf(linear, value))).toEqual([0, 0, 1, 1]);
  expect([shareOf(linear, NaN), shareOf(RANK, 0)]).toEqual([NaN, NaN]);
  expect(paintOf("clay", "light", NaN)).toBeNull();
});

/** Relative luminance (WCAG 2), computed from the paint's own text. */
function luminance(colour: string): number {
  const channels = colour.startsWith("#")
    ? [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16))
    : colour.match(/\d+/g)!.map(Number);
  const [r, g, b] = channels.map((v) => {
    const s = v / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

test.each(["clay", "teal"] as const)("%s: darker (or lighter) all along, text readable", (ramp) => {
  for (const scheme of ["light", "dark"] as const) {
    let before = scheme === "light" ? 2 : -1;
    for (let share = 0; share <= 1; share += 1 / 64) {
      const { fill, ink } = paintOf(ramp, scheme, share)!;
      const [cell, text] = [luminance(fill), luminance(ink)];
      expect(scheme === "light" ? cell < before : cell > before).toBe(true);
      before = cell;
      const contrast = (Math.max(cell, text) + 0.05) / (Math.min(cell, text) + 0.05);
      expect(contrast).toBeGreaterThan(4.5);
    }
    expect(STOPS[ramp][scheme]).toHaveLength(9);
  }
});
