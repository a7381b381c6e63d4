import { expect, test } from "vitest";
import { fitted } from "../src/parts/fitted";

/** A ruler by which every character is ten wide. */
const ruler = (font: string) => ({
  font,
  measureText: (text: string) => ({ width: 10 * Array.from(text).length }) as TextMetrics,
});

test.each([
  ["word", 40, "word"],
  ["words", 40, "wor…"],
  ["🙂🙂🙂🙂🙂", 30, "🙂🙂…"],
  ["words", 5, "w…"],
])("fitted(%s) in %d is %s", (text, width, expected) => {
  expect(fitted(ruler("a"), text, width)).toBe(expected);
});
