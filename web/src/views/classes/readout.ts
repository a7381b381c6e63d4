import { track } from "../../parts/candidates";
import { chip, element } from "../../parts/dom";
import { percent, quantity } from "../../parts/format";
import { layerWords } from "../../parts/layers";
import type { Answer } from "../../spec/classes";
import type { ClassCells } from "./cells";

const SHOWN = 12;

/** One layer in numbers: of the text, or of the token in a column; of answers the likeliest. */
export function readout(cells: ClassCells, row: number, col: number): HTMLElement[] {
  const { header } = cells;
  const words = layerWords(header.layers[row]!);
  const title = element("h2", {}, words.charAt(0).toUpperCase() + words.slice(1));
  const place = header.row
    ? element(
        "p",
        { class: "about" },
        `Position ${header.row.positions[col]!}: `,
        chip(header.row.inputs[col]!, "in"),
      )
    : null;
  const lines = [title, place, ...labels(cells, row, col), ...answers(cells, row)];
  return lines.filter((line): line is HTMLElement => line !== null);
}

/** The labels best first, those of an answer as they are; with bars where there are shares. */
function labels(cells: ClassCells, row: number, col: number): (HTMLElement | null)[] {
  const all = cells.all(row, col);
  if (cells.header.task !== "span") all.sort((a, b) => b.logit - a.logit);
  const known = cells.header.quantities.some(({ name }) => name === "probability");
  const bars = all
    .slice(0, SHOWN)
    .map(({ label, probability, logit }, i) =>
      element(
        "div",
        { class: i === 0 && cells.header.task !== "span" ? "bar is-final" : "bar" },
        element("code", { dir: "ltr", title: `${label}: logit ${quantity(logit)}` }, label),
        known ? track(probability) : element("span"),
        element("span", { class: "amount" }, known ? percent(probability) : quantity(logit)),
      ),
    );
  const figures = all.slice(0, SHOWN).flatMap(({ label, logit }) => {
    return [element("dt", {}, "logit of ", chip(label)), element("dd", {}, quantity(logit))];
  });
  const rest = all.length - SHOWN;
  return [
    ...bars,
    rest > 0 ? element("p", { class: "hint" }, `${rest} more labels`) : null,
    known ? element("dl", { class: "figures" }, ...figures) : null,
  ];
}

/** The likeliest answers after a layer. */
function answers(cells: ClassCells, row: number): (HTMLElement | null)[] {
  const found = cells.header.spans[row];
  if (!found) return [];
  const { best, none } = found;
  const absent = none === null ? "" : ` That there is none has ${percent(none)}.`;
  const list = element(
    "div",
    { class: "class-answers" },
    element("h3", {}, "Likeliest answers"),
    ...best.map(answerBar),
    best.length ? null : element("p", {}, "No answer can be had from this text."),
    element("p", { class: "hint" }, `p(begins there) × p(ends there).${absent}`),
  );
  return [list];
}

function answerBar({ text, start, end, probability }: Answer, i: number): HTMLElement {
  const place = start === end ? ` at ${start}` : ` at ${start} to ${end}`;
  return element(
    "div",
    { class: i === 0 ? "bar is-final" : "bar" },
    element("code", { dir: "ltr" }, text, element("small", {}, place)),
    track(probability),
    element("span", { class: "amount" }, percent(probability)),
  );
}
