import { describe, expect, it } from "vitest";
import type { AttentionNeuronHeader } from "../src/spec/attention_neuron";
import { Grid, type Spec } from "../src/spec/spec";
import {
  BLOCKS,
  cellAt,
  HEAD,
  layOut,
  moved,
  OUTPUT,
  QUERY,
  ROW,
  SINK,
  span,
  topOf,
  type Block,
} from "../src/views/attention_neuron/layout";
import { inputsOf } from "../src/views/attention_neuron/links";
import { RowNumbers } from "../src/views/attention_neuron/numbers";
import { Head } from "../src/views/attention_neuron/row";
import { partner, scoreFormula, told } from "../src/views/attention_neuron/words";

const [T, D] = [3, 2];
const QUERIES = [1, 2, 0.5, -1, 2, 1];
const KEYS = [1, 0, 0.5, 0.5, -1, 2];
const VALUES = [1, 0, 0, 1, 2, -2];

function head(own: Partial<AttentionNeuronHeader> = {}, arrays: Record<string, Grid> = {}): Head {
  const tokens = ["a", "b", "c"];
  const header = {
    ...{ title: "", heading: "", about: "", sentence: [], provenance: [], notes: [] },
    ...{ positions: [0, 1, 2], inputs: tokens, texts: tokens, roles: ["", "", ""] },
    ...{ produced: [false, false, false], layer: 0, head: 0, group: 0, group_size: 1, at: 2 },
    ...{ scale: 0.5, cap: null, sink: null, causal: true, window: null, layout: null },
    ...own,
  } as AttentionNeuronHeader;
  const grids = {
    query: new Grid(new Float32Array(QUERIES), [T, D]),
    key: new Grid(new Float32Array(KEYS), [T, D]),
    value: new Grid(new Float32Array(VALUES), [T, D]),
    ...arrays,
  };
  const spec: Spec<AttentionNeuronHeader> = {
    kind: "attention_neuron",
    header,
    arrays: grids,
    later: {},
  };
  return new Head(spec);
}

/** Softmax of the scores 1, 0.75, 0: those of query 2 above. */
const EXPS = [1, 0.75, 0].map(Math.exp);
const TOTAL = EXPS.reduce((sum, exp) => sum + exp, 0);

describe("a query's row", () => {
  it("is the softmax of scaled dot products", () => {
    const row = head().row(2);
    expect([...row.dot]).toEqual([2, 1.5, 0]);
    EXPS.forEach((exp, key) => expect(row.weight[key]).toBeCloseTo(exp / TOTAL, 12));
    expect(row.output[0]).toBeCloseTo((EXPS[0]! + 2 * EXPS[2]!) / TOTAL, 12);
    expect(row.sink).toBe(0);
  });

  it("leaves out what the query can't see", () => {
    expect([...head().row(1).weight][2]).toBe(0);
    expect(head().row(1).score[2]).toBeNaN();
    expect(head({ window: 1 }).row(2).weight[2]).toBe(1);
    const hidden = new Grid(new Uint8Array([0, 0, 0, 0, 0, 0, 1, 0, 0]), [T, T]);
    expect(head({}, { hidden }).row(2).score[0]).toBeNaN();
    expect(head({ causal: false }).row(0).score[2]).not.toBeNaN();
  });

  it("gives a sink its share, and caps and biases scores", () => {
    const row = head({ sink: 1 }).row(2);
    expect(row.sink).toBeCloseTo(Math.E / (TOTAL + Math.E), 12);
    expect(row.weight.reduce((sum, weight) => sum + weight, row.sink)).toBeCloseTo(1, 12);
    const bias = new Grid(new Float32Array(9).fill(0.25), [T, T]);
    const capped = head({ cap: 2 }, { bias });
    expect(capped.row(2).score[0]).toBeCloseTo(2 * Math.tanh(0.5) + 0.25, 7);
    expect(scoreFormula(capped, capped.row(2), 0)).toBe(
      "2.00 × tanh(0.5 × 2.00 / 2.00) + 0.25 = 1.17",
    );
  });
});

describe("what a cell holds", () => {
  const whole = head();
  const numbers = new RowNumbers(whole, whole.after, 2);
  const say = (key: number, block: Block, entry = 0): string =>
    told(whole, numbers.row, whole.after, { key, block, entry });

  it("is told with the numbers it is made of", () => {
    expect(say(2, "product", 0)).toBe("query[0] × key[0] = 2.00 × (−1.00) = −2.00");
    expect(say(0, "dot")).toBe("query · key = sum of 2 products = 2.00");
    expect(say(0, "score")).toBe("score of a (0) = 0.5 × 2.00 = 1.00");
    expect(say(QUERY, "key", 1)).toBe("query[1] of c (2) = 1.00");
    expect(say(1, "weight")).toBe(
      "weight of b (1) = e^(0.75 − 1.00) / sum of these = 0.779 / 2.15 = 36.3 %",
    );
    expect(say(OUTPUT, "weighted", 0)).toContain("sum of weight × value");
  });

  it("has as its inputs the cells it is computed from", () => {
    const of = inputsOf({ key: 1, block: "product", entry: 1 });
    const product = of
      .filter(({ key, block }) => (key === QUERY ? block === "product" : true))
      .map(({ key, block, entry }) => numbers.value({ key: key!, block, entry: entry! }));
    expect(product.reduce((a, b) => a * b)).toBe(
      numbers.value({ key: 1, block: "product", entry: 1 }),
    );
    expect(inputsOf({ key: 1, block: "weight", entry: 0 })[0]!.key).toBeNull();
  });

  it("comes first where its products are the largest", () => {
    expect(numbers.entries("product", 2, true)).toEqual([0, 1]); // 2 + 1 + 2 against 0 + 0.5 + 2
    expect(numbers.entries("product", 1, true)).toEqual([0]);
    expect(numbers.leading(2)).toEqual([0, 1]);
    expect(numbers.keys(true)).toEqual([0, 1, 2]);
  });
});

describe("the layout", () => {
  const entries = (): number[] => [1, 0];
  const layout = layOut(BLOCKS, entries, [2, 0, 1], true, 900);
  const height = layout.height;

  it("finds each cell where it is drawn", () => {
    for (const key of [QUERY, 2, 0, 1, SINK, OUTPUT]) {
      for (const column of layout.columns) {
        for (const entry of column.entries) {
          const [x, width] = span(column, entry);
          const y = topOf(layout, key, { x: 0, y: 0 }, height) + ROW / 2;
          const found = cellAt(layout, { x: 0, y: 0 }, height, x + width / 2, y);
          if (found) expect(found).toEqual({ key, block: column.block, entry });
          else expect(key).toBeLessThan(0);
        }
      }
    }
    expect(cellAt(layout, { x: 0, y: 0 }, height, 5, HEAD.height + 5)).toBeNull();
  });

  it("is walked by arrow keys, and never leaves its cells", () => {
    const from = { key: 2, block: "key", entry: 0 } as const;
    expect(moved(layout, from, 1, 0)).toEqual({ key: 0, block: "key", entry: 0 });
    expect(moved(layout, from, 0, 1)).toEqual({ key: 2, block: "product", entry: 1 });
    expect(moved(layout, from, -1, 0).key).toBe(QUERY);
    expect(moved(layout, from, 9, 0).key).toBe(1);
    const score = { key: 1, block: "score", entry: 0 } as const;
    expect(moved(layout, score, 1, 0).key).toBe(SINK);
    expect(moved(layout, { ...score, key: 2 }, -1, 0).key).toBe(2);
    expect(moved(layout, { key: 1, block: "weighted", entry: 1 }, 1, 0).key).toBe(OUTPUT);
  });
});

it("a rotary embedding turns two entries together", () => {
  for (const layout of ["half", "interleaved"] as const) {
    for (let entry = 0; entry < 8; entry++) {
      const [other, sign] = partner(layout, 8, entry);
      expect(partner(layout, 8, other)).toEqual([entry, -sign]);
    }
  }
  expect(partner("half", 8, 1)).toEqual([5, -1]);
  expect(partner("interleaved", 8, 1)).toEqual([0, 1]);
});

describe("keys of another text", () => {
  const source = { inputs: ["x", "y"], positions: [0, 1], texts: ["x", "y"] };
  const across = (): Head =>
    head({ source, causal: false } as unknown as Partial<AttentionNeuronHeader>, {
      key: new Grid(new Float32Array([1, 0, -1, 2]), [2, D]),
      value: new Grid(new Float32Array([1, 2, 3, 4]), [2, D]),
      bias: new Grid(new Float32Array([0, 0, 0, 0, 1, -1]), [T, 2]),
    });

  it("are those of the source, with a bias by query and key", () => {
    const row = across().row(2);
    const scores = [0.5 * 2 + 1, 0.5 * (-2 + 2) - 1];
    expect([...row.score]).toEqual(scores);
    const exps = scores.map(Math.exp);
    expect(row.weight[1]).toBeCloseTo(exps[1]! / (exps[0]! + exps[1]!), 12);
    expect(row.output).toHaveLength(2);
  });

  it("are named as such", () => {
    const of = across();
    const cell = { key: 1, block: "product", entry: 0 } as const;
    expect(told(of, of.row(2), of.after, cell)).toBe("query[0] × key[0] = 2.00 × (−1.00) = −2.00");
    expect(told(of, of.row(2), of.after, { ...cell, block: "value" })).toContain("of y (1)");
  });
});
