import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { percent, quantity, rank } from "../src/parts/format";

interface Table {
  readonly percent: [number | null, string][];
  readonly quantity: [number | null, string, string][];
  readonly rank: [number, string][];
}

/** The same table is fed to core/numbers.py by tests/core/test_numbers.py. */
const table = JSON.parse(
  readFileSync(new URL("../../tests/core/numbers_table.json", import.meta.url), "utf-8"),
) as Table;

test.each(table.percent)("percent(%s) is %s", (share, text) => {
  expect(percent(share ?? NaN)).toBe(text);
});

test.each(table.quantity)("quantity(%s, %s) is %s", (value, unit, text) => {
  expect(quantity(value ?? NaN, unit)).toBe(text.replace(/^-/, "−"));
});

test.each(table.rank)("rank(%s) is %s", (value, text) => {
  expect(rank(value)).toBe(text);
});
