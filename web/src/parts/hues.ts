/** Colours that tell things apart: after Okabe and Ito, with dashes and marks, for every eye. */

import type { Scheme } from "./theme";

const LIGHT = [
  "#0072b2",
  "#c45100",
  "#007a5a",
  "#a8457c",
  "#7a5c00",
  "#6f4bd8",
  "#5b5b5b",
  "#8b2f2f",
];
const DARK = [
  "#56b4e9",
  "#f0a064",
  "#4fc7a0",
  "#e29cc6",
  "#e6c84f",
  "#b3a1f5",
  "#b8b8b8",
  "#e98b8b",
];
const DASHES = ["", "7 4", "2 3", "9 3 2 3", "4 2", "12 4", "1 4", "6 2 1 2 1 2"];

export function hue(index: number, scheme: Scheme): string {
  const hues = scheme === "dark" ? DARK : LIGHT;
  return hues[index % hues.length]!;
}

export function dash(index: number): string {
  // The ninth line has the first one's hue, and not its dashes too.
  const turn = Math.floor(index / LIGHT.length);
  return DASHES[(index + turn) % DASHES.length]!;
}
