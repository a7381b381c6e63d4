import { element } from "./dom";
import { percent, quantity } from "./format";
import { layerName, layerWords } from "./layers";

/** Pixels; columns are equally wide, so that all bars of a table have one scale. */
const LAYER_WIDTH = 56;
const CANDIDATE_WIDTH = 112;

/** One token that the model might say. */
export interface Candidate {
  readonly label: string;
  readonly probability: number;
  readonly logit: number;
  /** Whether it is the final layer's top token, and whether it is the one that came next. */
  readonly isFinal: boolean;
  readonly isNext: boolean;
}

/** A row of candidates: those after one layer, best first. */
export interface CandidateRow {
  readonly layer: number;
  readonly candidates: readonly Candidate[];
  /** The token that float32 puts on top, where it was found to be another one. */
  readonly other?: string | undefined;
}

/** A candidate as a line: its label, its probability as a bar, and in figures. */
export function candidateBar(candidate: Candidate): HTMLElement {
  return element(
    "div",
    { class: classOf("bar", candidate), title: titleOf(candidate) },
    element("code", { dir: "ltr" }, candidate.label),
    track(candidate.probability),
    element("span", { class: "amount" }, percent(candidate.probability)),
  );
}

/** The table of Ecco's article: a row for each layer, its k best tokens beside each other. */
export function candidateTable(
  caption: string,
  rows: readonly CandidateRow[],
  chosenLayer: number | null,
): HTMLElement {
  const k = rows[0]?.candidates.length ?? 0;
  const heads = Array.from({ length: k }, (_, j) => element("th", { scope: "col" }, String(j + 1)));
  const table = element(
    "table",
    { class: "candidates" },
    element("caption", { class: "visually-hidden" }, caption),
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "layer"), ...heads)),
    element("tbody", {}, ...rows.map((row) => tableRow(row, row.layer === chosenLayer))),
  );
  table.style.minWidth = `${LAYER_WIDTH + k * CANDIDATE_WIDTH}px`;
  return tableBox(caption, table);
}

/** A table that scrolls sideways by itself, with the keyboard too, and never widens the page. */
export function tableBox(caption: string, table: HTMLElement): HTMLElement {
  return element(
    "div",
    { class: "table-box", tabindex: 0, role: "region", "aria-label": caption },
    table,
  );
}

function tableRow(row: CandidateRow, isChosen: boolean): HTMLElement {
  const float32 = row.other ? `; float32 puts ${row.other} on top` : "";
  const name = element(
    "th",
    { scope: "row", title: layerWords(row.layer) + float32 },
    (row.other ? "≠ " : "") + layerName(row.layer),
  );
  return element(
    "tr",
    { class: isChosen ? "is-chosen" : null },
    name,
    ...row.candidates.map(tableCell),
  );
}

function tableCell(candidate: Candidate): HTMLElement {
  return element(
    "td",
    { title: titleOf(candidate) },
    element(
      "div",
      { class: classOf("candidate", candidate) },
      element("code", { dir: "ltr" }, candidate.label),
      element("span", { class: "amount" }, percent(candidate.probability)),
      track(candidate.probability),
    ),
  );
}

export function track(share: number): HTMLElement {
  const bar = element("i");
  bar.style.width = `${Number.isNaN(share) ? 0 : 100 * share}%`;
  return element("span", { class: "track", "aria-hidden": "true" }, bar);
}

function classOf(base: string, { isFinal, isNext }: Candidate): string {
  return `${base}${isFinal ? " is-final" : ""}${isNext ? " is-next" : ""}`;
}

function titleOf(candidate: Candidate): string {
  const { label, logit } = candidate;
  const facts = [Number.isNaN(logit) ? label : `${label}: logit ${quantity(logit)}`];
  if (candidate.isFinal) facts.push("the final layer's top token");
  if (candidate.isNext) facts.push("the token that came next");
  return facts.join(", ");
}
