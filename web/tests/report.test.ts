// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { Selection } from "../src/parts/selection";
import type { ReportHeader } from "../src/spec/report";
import { Grid, type Spec } from "../src/spec/spec";
import { TopTokens } from "../src/views/report/candidates";

/** Three positions; what comes is among the candidates of the first alone. */
const header = {
  positions: [0, 1, 2],
  inputs: ["a", "b", "c"],
  next_ids: [1, 2, -1],
  opens_at: 0,
  vocabulary: ["b", "x"],
} as unknown as ReportHeader;

const spec: Spec<ReportHeader> = {
  kind: "report",
  header,
  arrays: {
    top_index: new Grid(Int32Array.from([0, 1, 0, 1, 0, 1]), [3, 2]),
    token_id: new Grid(Int32Array.from([1, 9, 1, 9, 1, 9]), [3, 2]),
    probability: new Grid(Float32Array.from([0.5, 0.2, 0.5, 0.2, 0.5, 0.2]), [3, 2]),
  },
};

test.each([
  [0, " In bold: the one that came.", ["b"]],
  [1, " The one that came is none of them.", []],
  [2, "", []],
])("at position %i it is said which candidate came, if one did", (at, words, bold) => {
  const nearly = new TopTokens(spec, new Selection(null, at));
  nearly.show();
  const about = nearly.card.querySelector(".about")!.textContent;
  expect(about).toBe(`The 2 likeliest tokens after the last layer.${words}`);
  const marked = [...nearly.card.querySelectorAll(".is-next code")].map((code) => code.textContent);
  expect(marked).toEqual(bold);
});
