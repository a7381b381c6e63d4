import { describe, expect, it } from "vitest";
import type { Brush } from "../src/parts/brush";
import type { Palette } from "../src/parts/theme";
import { Grid, type Spec } from "../src/spec/spec";
import type { AttentionHeader } from "../src/spec/headers";
import { blockOf } from "../src/views/attention/blocks";
import { Heads } from "../src/views/attention/heads";
import { headModel } from "../src/views/attention/matrix";
import { paintTokens } from "../src/views/attention/tokencolumns";
import { HeadWeights } from "../src/views/attention/weights";

const row = { positions: [0, 1], produced: [false, false], roles: ["", ""], texts: ["", ""] };
const header = {
  ...row,
  inputs: ["[CLS]", "[SEP]"],
  keys: null,
  split: null,
  layers: [0],
  heads: [0],
  figures: [],
  causal: false,
} as unknown as AttentionHeader;

/** Of one head: the largest weight is 0.16. */
const LEVELS = new Uint8Array([102, 51, 51, 102]);
const weights = new HeadWeights(LEVELS, { query: 2, key: 2 }, false, false);

function spec(thumbnails: Uint8Array, own = header): Spec<AttentionHeader> {
  const arrays = {
    figures: new Grid(new Float32Array(), [0, 1, 1]),
    thumbnails: new Grid(thumbnails, [1, 1, 2, 2]),
  };
  return { kind: "attention", header: own, arrays, later: {} };
}

/** What is written with a brush whose letters are 7.2 pixels wide. */
function written(width: number, heads: number): string[] {
  const texts: string[] = [];
  const pen = { font: "", measureText: (text: string) => ({ width: 7.2 * text.length }) };
  const brush = new Proxy(pen, {
    get: (target, name) =>
      name === "fillText"
        ? (text: string) => texts.push(text)
        : (Reflect.get(target, name) ?? ((): void => {})),
  });
  const strand = { name: "", weights, least: new Uint8Array(2), colour: "", dash: [] };
  const weave = {
    strands: Array.from({ length: heads }, () => strand),
    block: blockOf("all", header),
    focus: [{ side: "query", at: 0 } as const],
  };
  const cursor = { side: "query", at: 0 } as const;
  const scene = { header, weave, palette: {} as Palette, width, cursor, framed: false };
  paintTokens(brush as unknown as Brush, scene, { query: [0, 2], key: [0, 2] });
  return texts;
}

describe("the columns of tokens", () => {
  it("have room for a short token beside its number, in a narrow window with many heads", () => {
    expect(written(350, 12)).toEqual(["[CLS]", "[SEP]", "[CLS]", "16 %", "[SEP]", "4.0 %"]);
  });
});

describe("the shade of a cell", () => {
  it("is full at the largest weight of any head, and that is said", () => {
    const heads = new Heads(spec(LEVELS));
    expect(heads.full(false)).toBeCloseTo(0.16, 6);
    expect(heads.shading(false)).toContain("in full at 16 %");
    const strongest = headModel(header, weights, blockOf("all", header), "dark", heads.full(false));
    const whole = headModel(header, weights, blockOf("all", header), "dark");
    expect(strongest.paint(0, 0)!.fill).toBe("rgb(254,182,117)"); // the end of the ramp
    expect(strongest.paint(0, 1)).not.toEqual(whole.paint(0, 1));
    expect(strongest.text(0, 0)).toBe(whole.text(0, 0)); // printed numbers stay as they are
  });

  it("is as it was where some head gives a token all it has, or nothing is seen", () => {
    for (const levels of [
      [255, 0, 9, 255],
      [0, 0, 0, 0],
    ]) {
      const heads = new Heads(spec(new Uint8Array(levels)));
      expect(heads.full(false)).toBe(1);
      expect(heads.shading(false)).toBe("the square root of the weight");
    }
  });
});

it("frames of a sound are called frames", () => {
  const keys = { ...row, inputs: ["0.00 s", "0.02 s"], times: [0, 0.02] };
  const heard = { ...header, keys } as unknown as AttentionHeader;
  const { label } = headModel(heard, weights, blockOf("all", heard), "light");
  expect(label).toBe("Weights of 2 tokens on 2 frames; arrow keys move.");
});
