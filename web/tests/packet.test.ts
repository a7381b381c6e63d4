// @vitest-environment happy-dom
import { deflateRawSync } from "node:zlib";
import { expect, test, vi } from "vitest";
import { askedSections, savedSections } from "../src/hosts/sections";
import { unpacked } from "../src/spec/packet";
import { Grid, later } from "../src/spec/spec";
import type { Question } from "../src/views/host";

const HEADER = { title: "·é", heading: "", about: "", sentence: [], provenance: [], notes: [] };
const ENVELOPE = {
  version: 1,
  kind: "lens",
  header: HEADER,
  arrays: [
    { name: "score", dtype: "float32", shape: [3], offset: 0 },
    { name: "weights", dtype: "int32", shape: [2, 1], rows: 1 },
  ],
};
const none = (): Promise<never> => Promise.reject(new Error("nothing is asked for"));

/** As render/packet.py writes it, by the words of the contract alone. */
function packet(envelope: object, data: Uint8Array): Uint8Array {
  const words = new TextEncoder().encode(JSON.stringify(envelope));
  const start = Math.ceil((4 + words.length) / 8) * 8;
  const bytes = new Uint8Array(start + data.length);
  new DataView(bytes.buffer).setUint32(0, words.length, true);
  bytes.set(words, 4);
  bytes.set(data, start);
  return bytes;
}

const SCORES = new Uint8Array(new Float32Array([0.5, -2, 7]).buffer);
const PACKET = packet(ENVELOPE, SCORES);

test("a packet is its envelope and its data, wherever it lies in a buffer", () => {
  const moved = new Uint8Array(PACKET.length + 3);
  moved.set(PACKET, 3);
  for (const bytes of [PACKET, moved.subarray(3)]) {
    const { kind, header, arrays } = unpacked(bytes, none);
    expect([kind, header.title]).toEqual(["lens", "·é"]);
    expect([...arrays["score"]!.data]).toEqual([0.5, -2, 7]);
  }
});

test.each([0, 3, 20, PACKET.length - 1])("a packet of its first %i bytes is refused", (length) => {
  expect(() => unpacked(PACKET.subarray(0, length), none)).toThrow(/cut off/);
});

function element(id: string, bytes: Uint8Array): void {
  const node = document.createElement("script");
  node.type = "application/octet-stream";
  node.id = id;
  node.textContent = deflateRawSync(bytes).toString("base64");
  document.body.append(node);
}

const rows = (row: number): Uint8Array => new Uint8Array(new Int32Array([10 + row]).buffer);

test("a section of a saved page has its own elements, and its chunks theirs", async () => {
  element("cutaway-section-race", PACKET);
  element("cutaway-race.weights-1", rows(1));
  const section = savedSections(document);
  const spec = await section("race");
  expect([...(await later(spec, "weights", 1)).data]).toEqual([11]);
  await expect(later(spec, "weights", 0)).rejects.toThrow('"race.weights" (part 0)');
  await expect(section("lens")).rejects.toThrow('ends before the section "lens"');
});

test("a section that is asked for comes in parts, and its chunks when they are looked at", async () => {
  const part = 4_000_000;
  const large = packet(
    { ...ENVELOPE, arrays: [{ name: "score", dtype: "uint8", shape: [part], offset: 0 }] },
    Uint8Array.from({ length: part }, (_, i) => i % 251),
  );
  const whole: Readonly<Record<string, Uint8Array>> = { lens: large, race: PACKET };
  const ask = vi.fn(async ({ what, section, ...rest }: Question) => {
    const { part: index, index: row } = rest as { part: number; index: number };
    const bytes =
      what === "chunk"
        ? rows(row)
        : whole[section as string]!.slice(part * index, part * (index + 1));
    return new Grid(bytes, [bytes.length]);
  });
  const section = askedSections(ask);
  const { arrays } = await section("lens");
  expect(arrays["score"]!.data.at(-1)).toBe((part - 1) % 251);
  expect(ask.mock.calls.map(([question]) => question["part"])).toEqual([0, 1]);
  const spec = await section("race");
  expect([...(await later(spec, "weights", 0)).data]).toEqual([10]);
  const chunk = { what: "chunk", section: "race", array: "weights", index: 0 };
  expect(ask.mock.lastCall).toEqual([chunk]);
});
