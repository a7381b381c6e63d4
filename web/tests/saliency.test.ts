import { describe, expect, it } from "vitest";
import type { SaliencyHeader } from "../src/spec/headers";
import { Grid, type Spec } from "../src/spec/spec";
import { largestShare } from "../src/views/saliency/matrix";
import { Shares } from "../src/views/saliency/shares";
import { notExplained, hint } from "../src/views/saliency/words";

/** "Sm" "ol" " is" → " a", " b"; the targets are 1, 3 and the end, 4. */
function made(): Spec<SaliencyHeader> {
  const rows = [
    [1, NaN, NaN, NaN],
    [0.2, 0.3, 0.5, NaN],
    [0.1, 0.2, 0.3, 0.4],
  ];
  const share = new Grid(Float32Array.from(rows.flat()), [3, 4]);
  const header = {
    inputs: ["Sm", "ol", "·is", "·a"],
    words: [0, 0, 1, 2],
    source: null,
    produced: [false, false, false, true],
    roles: ["", "", "", ""],
    targets: [1, 3, 4],
    explained: ["ol", "·a", "·b"],
    threshold: 0.05,
  } as unknown as SaliencyHeader;
  const three = (values: number[]): Grid => new Grid(Float32Array.from(values), [3]);
  const [gap, moved] = [three([NaN, 0.01, 0.2]), three([NaN, NaN, 0.04])];
  const arrays = { share, score: share, value: three([1, 2, 3]), gap, moved };
  return { kind: "saliency", header, arrays, later: {} };
}

describe("the shares of a strip", () => {
  const shares = new Shares(made());

  it("has a chip for every token and one for the token not yet said", () => {
    const pieces = shares.pieces("tokens");
    expect(pieces.map(({ label }) => label)).toEqual(["Sm", "ol", "·is", "·a", "·b"]);
    expect(pieces.map((piece) => shares.rowsOf(piece))).toEqual([[], [0], [], [1], [2]]);
  });

  it("gives a target's sources their shares and the others nothing", () => {
    const pieces = shares.pieces("tokens");
    const told = shares.told(pieces, pieces[3]!);
    const numbers = told.map((one) => one && Number(one.share.toFixed(6)));
    expect(numbers).toEqual([0.2, 0.3, 0.5, null, null]);
  });

  it("sums the pieces of a word, so that shares still sum to 1", () => {
    const pieces = shares.pieces("words");
    expect(pieces.map(({ label }) => label)).toEqual(["Smol", "·is", "·a", "·b"]);
    const told = shares.told(pieces, pieces[3]!);
    const numbers = told.map((one) => one && Number(one.share.toFixed(6)));
    expect(numbers).toEqual([0.3, 0.3, 0.4, null]);
    const own = shares.told(pieces, pieces[0]!);
    expect(own.map((one) => one && one.share)).toEqual([1, null, null, null]);
  });

  it("tells the gap where the method has one", () => {
    const pieces = shares.pieces("tokens");
    expect(shares.gapOf(pieces[1]!)).toBeNaN();
    expect(shares.gapOf(pieces[4]!)).toBeCloseTo(0.2);
    expect(shares.movedOf(pieces[4]!)).toBeCloseTo(0.04);
  });

  it("colours the matrix up to the largest share", () => {
    expect(largestShare(shares)).toBe(1);
  });
});

describe("the shares of two texts", () => {
  const { header, arrays } = made();
  const source = { ...header, inputs: ["12", "·march"], words: [0, 1] };
  const read = new Grid(Float32Array.from([0.5, 0, 0.25, 0, 0, 0.5]), [3, 2]);
  const half = new Grid(
    Float32Array.from(arrays["share"]!.data, (value) => value / 2),
    [3, 4],
  );
  const both = { share: half, score: half, source_share: read, source_score: read };
  const shares = new Shares({
    kind: "saliency",
    header: { ...header, source },
    arrays: { ...arrays, ...both },
  });

  it("are told of both, and those of the source do not end at the target", () => {
    const pieces = [...shares.sources("tokens"), ...shares.pieces("tokens")];
    const told = shares.told(pieces, pieces[2 + 3]!);
    const numbers = told.map((one) => one && Number(one.share.toFixed(6)));
    expect(numbers).toEqual([0.25, 0, 0.1, 0.15, 0.25, null, null]);
  });

  it("stand in one row, the source first", () => {
    expect(shares.columns).toBe(6);
    expect([0, 1, 2, 3].map((col) => shares.shareAt(1, col).toFixed(2))).toEqual([
      "0.25",
      "0.00",
      "0.10",
      "0.15",
    ]);
    expect(largestShare(shares)).toBeCloseTo(0.5);
  });
});

describe("the words of a saliency", () => {
  const said = made().header;
  const masked: SaliencyHeader = { ...said, produced: [false], masked: true, targets: [1, 3] };
  const ofText: SaliencyHeader = { ...masked, targets: [said.inputs.length] };

  it("name the token after the position that is picked, in a masked model the one there", () => {
    expect(notExplained(said, 2)).toBeNull();
    expect(notExplained(said, 1)?.join("")).toContain("targets=[2]");
    expect(notExplained(masked, 3)).toBeNull();
    expect(notExplained(masked, 2)?.join("")).toContain("·is at 2");
  });

  it("are of the whole text where a classifier's answer is explained", () => {
    expect(notExplained(ofText, 0)).toBeNull();
    expect(hint(ofText)).toContain("its share in the answer");
    expect(hint(said)).toContain("produced");
    expect(hint(masked)).not.toMatch(/said|produced/);
  });
});
