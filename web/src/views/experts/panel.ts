import { tableBox } from "../../parts/candidates";
import { chip, element } from "../../parts/dom";
import { percent, quantity } from "../../parts/format";
import type { Calls } from "./called";
import type { Score } from "./model";

/** How many of the experts that were not called are named. */
const NEXT = 3;
const HEADS = ["expert", "probability", "weight", "load"];

/** One cell: the experts that a token was sent to, and the next it was not. */
export function panel(calls: Calls, row: number, col: number, score: Score | null): HTMLElement[] {
  const { header } = calls;
  const layer = header.layers[row]!;
  const called = calls.at(row, col);
  const token = chip(header.inputs[col]!, "in");
  const title = element("h2", {}, token, ` in layer ${layer}`);
  if (!called.length)
    return [title, element("p", { class: "about" }, "No expert was called at this token.")];
  const rows = called.map(({ expert, score: own, weight }) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, String(expert)),
      ...[told(header.scores[row]!, own), quantity(weight), percent(calls.load(row, expert))].map(
        (text) => element("td", { class: "is-number" }, text),
      ),
    ),
  );
  const table = element(
    "table",
    { class: "datatable is-close" },
    element("caption", { class: "visually-hidden" }, "The experts called"),
    element(
      "thead",
      {},
      element("tr", {}, ...HEADS.map((head) => element("th", { scope: "col" }, head))),
    ),
    element("tbody", {}, ...rows),
  );
  return [
    title,
    element("p", { class: "about" }, words(calls, row, col)),
    tableBox("The experts called", table),
    element("p", { class: "hint" }, next(calls, row, col, score)),
  ];
}

/** A score in print: a share of 1 in percent. */
export function told(function_: string, value: number): string {
  return function_ === "softmax" ? percent(value) : quantity(value);
}

function words(calls: Calls, row: number, col: number): string {
  const { header } = calls;
  const at = `Position ${header.positions[col]!}`;
  if (!calls.hasScores(row)) return `${at}. The scores of this layer can't be had.`;
  const most = quantity(Math.log(header.counts[row]!));
  const entropy = `${at}: entropy ${quantity(calls.entropy(row, col))} of at most ${most} nats.`;
  const passed = calls.passedOver(row, col);
  if (!passed) return `${entropy} The scores alone decide.`;
  const experts = passed === 1 ? "1 expert" : `${passed} experts`;
  return `${entropy} ${experts} scored above one of these and ${passed === 1 ? "was" : "were"} not called: something beside the scores decides.`;
}

function next(calls: Calls, row: number, col: number, score: Score | null): string {
  if (!score || !calls.holds(row)) return "";
  const { counts, scores } = calls.header;
  const called = new Set(calls.at(row, col).map(({ expert }) => expert));
  const others = Array.from({ length: counts[row]! }, (_, expert) => expert)
    .filter((expert) => !called.has(expert))
    .map((expert) => ({ expert, value: score(col, expert) }))
    .sort((a, b) => b.value - a.value)
    .slice(0, NEXT);
  if (!others.length) return "Every expert was called.";
  const named = others.map(({ expert, value }) => `${expert} (${told(scores[row]!, value)})`);
  return `Best of those not called: ${named.join(", ")}.`;
}
