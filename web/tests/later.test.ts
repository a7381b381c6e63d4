// @vitest-environment happy-dom
import { deflateRawSync } from "node:zlib";
import { expect, test, vi } from "vitest";
import { chunksOf } from "../src/hosts/chunks";
import { decode } from "../src/spec/decode";
import { inflated } from "../src/spec/inflate";
import { later, rowsOf, SpecError } from "../src/spec/spec";

const HEADER = { title: "", heading: "", about: "", sentence: [], provenance: [], notes: [] };
/** Five rows of two numbers, in chunks of two rows: 0 1 | 2 3 | 4. */
const LAYOUT = { name: "weights", dtype: "int32", shape: [5, 2], rows: 2 };

function spec(chunk: (name: string, index: number) => Promise<Uint8Array>) {
  const envelope = { version: 1, kind: "attention", header: HEADER, arrays: [LAYOUT] };
  return decode(envelope, new Uint8Array(), chunk);
}

async function numbers(_: string, index: number): Promise<Uint8Array> {
  const rows = index === 2 ? [8, 9] : [0, 1, 2, 3].map((i) => 4 * index + i);
  return new Uint8Array(new Int32Array(rows).buffer);
}

test("a row is read from its chunk, the last one not full", async () => {
  const picture = spec(numbers);
  expect(picture.arrays).toEqual({});
  expect(rowsOf(picture, "weights").shape).toEqual([5, 2]);
  for (const row of [3, 0, 4]) {
    const { data, shape } = await later(picture, "weights", row);
    expect([...data]).toEqual([2 * row, 2 * row + 1]);
    expect(shape).toEqual([2]);
  }
});

test("a chunk is asked for once while it is remembered, and again after it failed", async () => {
  let fails = true;
  const chunk = vi.fn(async (name: string, index: number) => {
    if (fails) throw new SpecError("nobody is there");
    return numbers(name, index);
  });
  const picture = spec(chunk);
  await expect(later(picture, "weights", 1)).rejects.toThrow("nobody is there");
  fails = false;
  await Promise.all([later(picture, "weights", 1), later(picture, "weights", 0)]);
  await later(picture, "weights", 0);
  expect(chunk.mock.calls).toEqual([
    ["weights", 0],
    ["weights", 0],
  ]);
});

test.each([-1, 5, 0.5, NaN])("a row that is not there is refused (%d)", async (row) => {
  await expect(later(spec(numbers), "weights", row)).rejects.toThrow("no row");
});

test("a chunk that is cut off, and an array that is missing, are named", async () => {
  const short = spec(async () => new Uint8Array(4));
  await expect(later(short, "weights", 0)).rejects.toThrow('"weights" is cut off');
  await expect(later(short, "scores", 0)).rejects.toThrow('"scores"');
});

test("base64 of raw deflate is unpacked, and damage is said", async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) % 251);
  const packed = deflateRawSync(bytes).toString("base64");
  expect(Buffer.from(await inflated(packed)).equals(bytes)).toBe(true);
  await expect(inflated(packed.slice(0, 400))).rejects.toThrow("damaged");
  await expect(inflated("<p>")).rejects.toThrow("damaged");
});

function packed(bytes: number[]): string {
  return deflateRawSync(Uint8Array.from(bytes)).toString("base64");
}

test("a page's chunk is waited for until the browser has read all of it", async () => {
  let state = "loading";
  vi.spyOn(document, "readyState", "get").mockImplementation(() => state as DocumentReadyState);
  const chunk = chunksOf(document);
  const add = (index: number, text: string) => {
    const node = document.createElement("script");
    node.id = `cutaway-weights-${index}`;
    node.setAttribute("type", "application/octet-stream");
    node.textContent = text;
    document.body.append(node);
    return node;
  };
  const read = vi.fn();
  const [first, last] = [chunk("weights", 0), chunk("weights", 1)];
  void first.then(read);
  const node = add(0, packed([1, 2, 3]).slice(0, 3)); // half of it
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(read).not.toHaveBeenCalled();
  node.textContent = packed([1, 2, 3]);
  add(1, packed([4]));
  expect([...(await first)]).toEqual([1, 2, 3]);
  state = "interactive";
  document.dispatchEvent(new Event("DOMContentLoaded"));
  expect([...(await last)]).toEqual([4]);
  await expect(chunk("weights", 2)).rejects.toThrow("ends before");
});
