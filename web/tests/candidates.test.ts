// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { candidateTable, type Candidate } from "../src/parts/candidates";

const candidate = (label: string, probability: number, isFinal = false): Candidate => ({
  label,
  probability,
  logit: 1,
  isFinal,
  isNext: false,
});

test("a row for each layer, a bar for each probability, nothing said by colour alone", () => {
  const table = candidateTable(
    "Candidates",
    [
      { layer: 0, candidates: [candidate("a", 0.5), candidate("b", 1e-9, true)] },
      { layer: -1, candidates: [candidate("c", 1), candidate("<b>d</b>", 0)] },
    ],
    0,
  );
  const rows = [...table.querySelectorAll("tbody tr")].map((row) =>
    [...row.children].map((cell) => cell.textContent),
  );
  expect(rows).toEqual([
    ["0", "a50.0 %", "b< 0.01 %"],
    ["in", "c100 %", "<b>d</b>0 %"],
  ]);
  const bars = [...table.querySelectorAll<HTMLElement>(".track i")].map((bar) => bar.style.width);
  expect(bars.slice(0, 1)).toEqual(["50%"]);
  expect(table.querySelector(".is-final")?.closest("td")?.title).toContain(
    "final layer's top token",
  );
});
