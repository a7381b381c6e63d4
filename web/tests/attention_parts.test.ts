import { describe, expect, it } from "vitest";
import { Choices } from "../src/parts/choices";
import { Grid, SpecError, type Spec } from "../src/spec/spec";
import type { AttentionHeader } from "../src/spec/headers";
import { blockOf, holds } from "../src/views/attention/blocks";
import { Focus } from "../src/views/attention/focus";
import { flowing, tabled } from "../src/views/attention/gridlayout";
import { Heads } from "../src/views/attention/heads";
import { differencePaint } from "../src/views/attention/matrix";
import { weightRows } from "../src/views/attention/saving";
import { codeOfOn, headsOn } from "../src/views/attention/state";
import { HeadStore } from "../src/views/attention/store";
import { weightsBeside } from "../src/views/attention/tokencolumns";
import { codeOf, tokensOf, type Token } from "../src/views/attention/tokens";
import { HeadWeights, toldDifference } from "../src/views/attention/weights";
import { ranges } from "../src/views/attention/words";

/** As many keys as queries. */
const square = (count: number) => ({ query: count, key: count });

/** Levels of a causal head of three tokens, row by row: weights 1; 0.36 0.64; 0.04 0.16 0.8. */
const LEVELS = new Uint8Array([255, 153, 204, 51, 102, 228]);

const header = {
  positions: [0, 1, 2],
  inputs: ["a", "=b", "c"],
  layers: [4, 7],
  heads: [0, 1],
  groups: [0, 0],
  figures: [{ name: "first", words: "", unit: "1" }],
  causal: true,
  split: 2,
  parts: null,
  aggregate: null,
  weighting: { name: "weight", words: "", unit: "1" },
} as unknown as AttentionHeader;

function spec(arrays: Record<string, Grid> = {}): Spec<AttentionHeader> {
  return {
    kind: "attention",
    header,
    arrays: {
      figures: new Grid(new Float32Array([0.1, NaN, 0.4, 0.2]), [1, 2, 2]),
      place: new Grid(new Int32Array([0, -1, -1, -1]), [2, 2]),
      ...arrays,
    },
    later: {},
  };
}

function focus(start: Record<string, string> = {}): { focus: Focus; choices: Choices } {
  const kept = { address: null, scope: "", selection: null };
  const values = { side: "query", at: "2", pins: "", focus: "token", ...start };
  const choices = new Choices(values, () => true, kept);
  return { focus: new Focus(choices, square(9)), choices };
}

const query = (at: number): Token => ({ side: "query", at });
const key = (at: number): Token => ({ side: "key", at });

describe("the tokens that are looked at", () => {
  it("are read back as they were written, or not at all", () => {
    const tokens = [query(3), key(5)];
    expect(tokensOf(codeOf(tokens), square(6))).toEqual(tokens);
    expect(tokensOf(codeOf(tokens), square(5))).toBeNull();
    expect(tokensOf("x3", square(6))).toBeNull();
    expect(tokensOf("", square(6))).toEqual([]);
    expect(tokensOf("k5", { query: 2, key: 6 })).toEqual([{ side: "key", at: 5 }]);
    expect(tokensOf("q5", { query: 2, key: 6 })).toBeNull();
  });

  it("are one by a click, and several with what was looked at before", () => {
    const { focus: looked } = focus();
    looked.choose(query(4), true);
    expect(looked.tokens).toEqual([query(4), query(2)]);
    looked.choose(key(1), true);
    expect(looked.tokens).toEqual([key(1), query(2), query(4)]);
    looked.choose(query(4), true);
    expect(looked.tokens).toEqual([key(1), query(2)]);
    looked.choose(query(7), false);
    expect(looked.tokens).toEqual([query(7)]);
  });

  it("stay pinned while the keyboard goes on", () => {
    const { focus: looked } = focus();
    looked.choose(looked.cursor, true);
    looked.move(query(5));
    expect(looked.tokens).toEqual([query(5), query(2)]);
  });

  it("are let go: the pinned first, then all", () => {
    const { focus: looked } = focus({ pins: "q1.q2" });
    looked.release();
    expect(looked.tokens).toEqual([query(2)]);
    looked.release();
    expect(looked.tokens).toBeNull();
    looked.move(key(0));
    expect(looked.tokens).toEqual([key(0)]);
  });
});

describe("the filter between parts", () => {
  it("splits every pair of tokens into four blocks", () => {
    for (let q = 0; q < 3; q++)
      for (let k = 0; k < 3; k++) {
        const found = ["aa", "ab", "ba", "bb"].filter((name) => holds(blockOf(name, header), q, k));
        expect(found).toEqual([(q < 2 ? "a" : "b") + (k < 2 ? "a" : "b")]);
        expect(holds(blockOf("all", header), q, k)).toBe(true);
      }
  });

  it("draws of all mass what its block holds", () => {
    const weights = new HeadWeights(LEVELS, square(3), true, false);
    const drawn = (name: string): number => weights.cut(1, blockOf(name, header)).drawn;
    expect(drawn("aa")).toBeCloseTo(2 / 3, 2);
    expect(drawn("ab")).toBe(0);
    expect(drawn("ba")).toBeCloseTo(0.2 / 3, 2);
    expect(drawn("aa") + drawn("ab") + drawn("ba") + drawn("bb")).toBeCloseTo(1, 6);
  });
});

describe("the heads of a layer that are on", () => {
  it("are read back as they were written", () => {
    const numbers = [0, 2, 5];
    for (const rows of [[], [1], [0, 2], [0, 1, 2]]) {
      expect(headsOn(codeOfOn(rows, numbers), numbers)).toEqual(rows);
    }
    expect(headsOn("1", numbers)).toBeNull();
  });

  it("are told by the mean over pinned tokens that could see", () => {
    const strand = {
      name: "0",
      weights: new HeadWeights(LEVELS, square(3), true, false),
      least: new Uint8Array(3),
      colour: "",
      dash: [],
    };
    const weave = { strands: [strand], block: blockOf("all", header), focus: [query(0), query(2)] };
    expect(weightsBeside(weave, key(0))[0]).toBeCloseTo((1 + 0.04) / 2, 2);
    expect(weightsBeside(weave, key(1))[0]).toBeCloseTo(0.16, 2); // query 0 could not see it
    expect(weightsBeside(weave, query(1))[0]).toBeNaN();
  });
});

describe("the grid of heads", () => {
  const all = Array.from({ length: 270 }, (_, i) => ({ layer: Math.floor(i / 9), head: i % 9 }));

  it("has a place of its own for each head, inside its size", () => {
    for (const layout of [tabled(all, 30, 9, 560), tabled(all, 30, 9, 240), flowing(all, 560)]) {
      const places = new Set(layout.boxes.map(({ x, y }) => `${x} ${y}`));
      expect(places.size).toBe(270);
      for (const { x, y } of layout.boxes) {
        expect(x + layout.size).toBeLessThanOrEqual(layout.width);
        expect(y + layout.size).toBeLessThanOrEqual(layout.height);
      }
    }
  });

  it("gives a finger 24 pixels in a narrow window", () => {
    for (const room of [334, 399]) {
      const { size, width } = tabled(all, 30, 9, room);
      expect(size).toBeGreaterThanOrEqual(24);
      expect(width).toBeLessThanOrEqual(room);
    }
  });

  it("is empty where a filter keeps none", () => {
    expect(flowing([], 560).boxes).toEqual([]);
  });

  it("orders heads without a figure last, and knows the range of the others", () => {
    const heads = new Heads(spec());
    expect(heads.order("first").map((at) => heads.code(at))).toEqual(["7.0", "7.1", "4.0", "4.1"]);
    const [low, high] = heads.range(0);
    expect([low, high].map((value) => value.toFixed(1))).toEqual(["0.1", "0.4"]);
    expect(ranges([0, 1, 2, 5, 7, 8])).toBe("0–2, 5, 7–8");
  });
});

describe("the weights of heads that are not in the page", () => {
  it("are asked for once, and hold what their rows were divided by", async () => {
    const asked: unknown[] = [];
    const totals = new Uint8Array(new Float32Array([2, 3, 4]).buffer);
    const answer = new Grid(new Uint8Array([...LEVELS, ...totals]), [18]);
    const heads = new Heads(spec());
    const store = new HeadStore(spec(), heads, (question) => {
      asked.push(question);
      return Promise.resolve(answer);
    });
    const at = { layer: 1, head: 1 };
    expect(store.now(at, false)).toBeNull();
    await Promise.all([store.fetch([at]), store.fetch([at])]);
    expect(asked).toEqual([{ what: "head", layer: 7, head: 1 }]);
    expect(store.now(at, false)!.at(1, 1)).toBeCloseTo(0.64, 6);
    expect([...(store.now(at, false)!.units as Float32Array)]).toEqual([2, 3, 4]);
    expect(store.fetch([at])).toBeNull();
  });

  it("can be asked for again after a problem, which is said until then", async () => {
    let asked = 0;
    const store = new HeadStore(spec(), new Heads(spec()), () => {
      if (++asked === 1) return Promise.reject(new SpecError("busy"));
      return Promise.resolve(new Grid(LEVELS, [6]));
    });
    const at = { layer: 0, head: 1 };
    await store.fetch([at]);
    expect(store.problem(at)).toBe("busy");
    expect(store.fetch([at])).toBeNull();
    store.retry();
    await store.fetch([at]);
    expect([store.problem(at), store.now(at, false)!.units]).toEqual(["", null]);
  });

  it("can't be had where nobody answers", () => {
    const store = new HeadStore(spec(), new Heads(spec()), null);
    expect(store.has({ layer: 0, head: 0 })).toBe(true);
    expect(store.has({ layer: 1, head: 0 })).toBe(false);
    expect(store.fetch([{ layer: 1, head: 0 }])).toBeNull();
  });
});

describe("a difference of two heads", () => {
  it("is told with its sign", () => {
    expect([0.7, -0.0412, 0, 0.00001, NaN].map(toldDifference)).toEqual([
      "+70",
      "−4.1",
      "0",
      "+< 0.01",
      "–",
    ]);
  });

  it("has another hue for less, and none where a token could not be seen", () => {
    const more = differencePaint(0.5, "light");
    expect(differencePaint(-0.5, "light")).not.toEqual(more);
    expect(differencePaint(NaN, "light")).toBeNull();
  });
});

describe("the numbers of a picture", () => {
  it("are every weight that is shown, with its tokens and what is pinned", () => {
    const weights = new HeadWeights(LEVELS, square(3), true, false);
    const heads = [{ at: { layer: 1, head: 0 }, weights, strand: null }];
    const rows = [...weightRows(header, heads, blockOf("aa", header), [query(1)])];
    expect(rows.slice(1).map((row) => row.slice(0, 6))).toEqual([
      [7, 0, 0, "a", 0, "a"],
      [7, 0, 1, "=b", 0, "a"],
      [7, 0, 1, "=b", 1, "=b"],
    ]);
    expect(rows.map((row) => row.at(-1))).toEqual(["pinned", "no", "yes", "yes"]);
    expect(rows[2]![6]).toBeCloseTo(0.36, 6);
  });

  it("are only the lines that are drawn", () => {
    const weights = new HeadWeights(LEVELS, square(3), true, false);
    const { least } = weights.cut(0.6);
    const strand = { name: "0", weights, least, colour: "", dash: [] };
    const heads = [{ at: { layer: 0, head: 1 }, weights, strand }];
    const rows = [...weightRows(header, heads, blockOf("all", header), null)];
    expect(rows.slice(1).map((row) => [row[2], row[4]])).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
  });
});
