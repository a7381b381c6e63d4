import { expect, test } from "vitest";
import { decode } from "../src/spec/decode";
import { arrayOf, SpecError } from "../src/spec/spec";

const HEADER = { title: "", heading: "", about: "", sentence: [], provenance: [], notes: [] };
const LAYOUT = [
  { name: "rank", dtype: "int32", shape: [1, 2], offset: 0 },
  { name: "share", dtype: "float32", shape: [2, 2], offset: 8 },
];

function envelope(change: object = {}) {
  return { version: 1, kind: "logit_lens", header: HEADER, arrays: LAYOUT, ...change };
}

const none = (): never => {
  throw new Error("nothing is asked for");
};

function data(): Uint8Array {
  const bytes = new Uint8Array(24);
  bytes.set(new Uint8Array(new Int32Array([7, -1]).buffer), 0);
  bytes.set(new Uint8Array(new Float32Array([0.5, NaN, 2, 3]).buffer), 8);
  return bytes;
}

test("arrays are read where the layout says, in row-major order", () => {
  const spec = decode(envelope(), data(), none);
  expect(arrayOf(spec, "rank").at(0, 1)).toBe(-1);
  expect(arrayOf(spec, "share").at(1, 0)).toBe(2);
  expect(arrayOf(spec, "share").at(0, 1)).toBeNaN();
});

test("data at an odd offset of its buffer is read all the same", () => {
  const shifted = new Uint8Array(27);
  shifted.set(data(), 3);
  const spec = decode(envelope(), shifted.subarray(3), none);
  expect(arrayOf(spec, "share").at(1, 1)).toBe(3);
});

test.each([
  [null, "holds no picture"],
  [envelope({ version: 2 }), "version 2"],
  [envelope({ kind: 3 }), "kind"],
  [envelope({ header: { ...HEADER, notes: null } }), "no notes"],
  [envelope({ arrays: null }), "list of its arrays"],
  [envelope({ arrays: [{ ...LAYOUT[0], dtype: "float64" }] }), "float64"],
  [envelope({ arrays: [{ ...LAYOUT[1], offset: 16 }] }), "cut off"],
  [envelope({ arrays: [{ ...LAYOUT[1], offset: 2 }] }), "cut off"],
])("a wrong envelope is refused in words (%#)", (wrong, words) => {
  expect(() => decode(wrong, data(), none)).toThrow(SpecError);
  expect(() => decode(wrong, data(), none)).toThrow(words);
});

test("a missing array is named", () => {
  expect(() => arrayOf(decode(envelope(), data(), none), "kl")).toThrow('"kl"');
});
