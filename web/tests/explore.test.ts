import { expect, test } from "vitest";
import { filtered, probabilities, type Candidates } from "../src/views/explore/distribution";

/** A vocabulary of four tokens, the first three known; temperatures 0.5 and 1. */
const LOGITS = [2, 1, 1, 0];
const KNOWN = made(3);

function made(known: number): Candidates {
  const totals = [0.5, 1].map((t) =>
    Math.log(LOGITS.reduce((sum, z) => sum + Math.exp((z - LOGITS[0]!) / t), 0)),
  );
  const labels = ["a", "b", "c", "d"].slice(0, known);
  const logits = LOGITS.slice(0, known);
  return { ids: labels.map((_, i) => i), labels, logits, totals, vocab: 4 };
}

function softmax(temperature: number, of = LOGITS): number[] {
  const terms = of.map((z) => Math.exp(z / temperature));
  const sum = terms.reduce((a, b) => a + b);
  return terms.map((term) => term / sum);
}

function close(found: readonly number[], wanted: readonly number[]): void {
  expect(found).toHaveLength(wanted.length);
  found.forEach((share, i) => expect(share).toBeCloseTo(wanted[i]!, 12));
}

test.each([
  [0, 0.5],
  [1, 1],
])("probabilities count tokens that are not known (stop %i)", (stop, temperature) => {
  close(probabilities(KNOWN, stop, temperature), softmax(temperature).slice(0, 3));
});

test("equal logits stay together under top-k", () => {
  const two = filtered(made(4), { stop: 1, temperature: 1, topK: 2, topP: null });
  expect(two.left).toBe(3);
  close(two.shares, [...softmax(1, LOGITS.slice(0, 3)), 0]);
});

test("top-p keeps the fewest that reach it, after top-k", () => {
  const [first] = softmax(1);
  const one = filtered(KNOWN, { stop: 1, temperature: 1, topK: null, topP: first! - 0.01 });
  expect(one.left).toBe(1);
  close(one.shares, [1, 0, 0]);
  const both = filtered(KNOWN, { stop: 1, temperature: 1, topK: 1, topP: 0.99 });
  close(both.shares, [1, 0, 0]);
});

test("what needs more tokens than are known is said, never guessed", () => {
  const wide = filtered(KNOWN, { stop: 1, temperature: 1, topK: null, topP: 0.999 });
  expect(wide.problem).toContain("More than 3 tokens are left");
  expect(wide.shares).toEqual([]);
  // Whether the fourth equals the third is not known.
  expect(filtered(KNOWN, { stop: 1, temperature: 1, topK: 3, topP: null }).problem).not.toBe("");
  expect(filtered(KNOWN, { stop: 1, temperature: 1, topK: 4, topP: null }).left).toBeNull();
});
