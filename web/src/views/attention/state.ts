import { Choices, isWhole, type Link } from "../../parts/choices";
import { headLink, positionLink, sourceLink } from "../../parts/selection";
import type { AttentionHeader } from "../../spec/headers";
import type { Host } from "../host";
import { BLOCKS } from "./blocks";
import type { HeadAt, Heads } from "./heads";
import type { HeadStore } from "./store";
import { countsOf, rowOf, tokensOf } from "./tokens";

/** Percents of each row's mass that the slider goes over. */
export const MASS = { least: 50, most: 100, start: "80" } as const;
/** Steps of the slider from the least to the largest value of a figure. */
export const STEPS = 100;

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  view: ["model", "heads"],
  first: ["shown", "hidden"],
  form: ["lines", "matrix"],
  side: ["query", "key"],
  focus: ["token", "all"],
  part: BLOCKS,
};

/**
 * What is chosen: the view, a head and one to compare it with, order and filter of the heads, the
 * heads of a layer that are on, form, mass and parts that are drawn, tokens: the one that looks
 * (`at`), the one that is looked at (`key`), and on which side one is.
 */
export function attentionChoices(heads: Heads, store: HeadStore, host: Host): Choices {
  const { header } = heads;
  const counts = countsOf(header);
  const start = {
    view: header.opens,
    head: heads.code(opening(heads, store)),
    versus: "",
    sort: "",
    by: "",
    least: "0",
    on: "all",
    first: "shown",
    form: rowOf(header, "key").times ? "matrix" : "lines", // a row for each frame is too long
    mass: MASS.start,
    part: "all",
    side: "query",
    at: String(counts.query - 1),
    key: String(counts.key - 1),
    pins: "",
    focus: "token",
  };
  const figures = ["", ...header.figures.map(({ name }) => name)];
  const allowed = (name: string, value: string): boolean => {
    if (name === "head") return heads.find(value) !== null;
    if (name === "versus") return value === "" || heads.find(value) !== null;
    if (name === "sort" || name === "by") return figures.includes(value);
    if (name === "least") return isWhole(value, 0, STEPS);
    if (name === "on") return headsOn(value, header.heads) !== null;
    if (name === "mass") return isWhole(value, MASS.least, MASS.most);
    if (name === "at") return isWhole(value, 0, counts.query - 1);
    if (name === "key") return isWhole(value, 0, counts.key - 1);
    if (name === "pins") return tokensOf(value, counts) !== null;
    return ALLOWED[name]!.includes(value);
  };
  return new Choices(start, allowed, host, linksOf(header));
}

/** A head of another stream, of as many layers or not, is another head: it is not followed. */
function linksOf(header: AttentionHeader): Readonly<Record<string, Link>> {
  if (header.stream === "encoder") return { at: sourceLink(header.positions) };
  const at = positionLink(header.positions);
  if (header.keys) return { at, key: sourceLink(header.keys.positions) };
  return { at, head: headLink({ head: !header.aggregate }) };
}

/** The rows of the heads that are on: "all", "none", or their numbers as "0.2.5". */
export function headsOn(code: string, numbers: readonly number[]): number[] | null {
  if (code === "all") return numbers.map((_, row) => row);
  if (code === "none") return [];
  if (!/^\d{1,5}(\.\d{1,5})*$/.test(code)) return null;
  const rows = code.split(".").map((number) => numbers.indexOf(Number(number)));
  return rows.includes(-1) ? null : [...new Set(rows)].sort((a, b) => a - b);
}

export function codeOfOn(rows: readonly number[], numbers: readonly number[]): string {
  if (rows.length === numbers.length) return "all";
  return rows.map((row) => numbers[row]!).join(".") || "none";
}

/** The head that leads by the opening figure, among those the page holds. */
function opening(heads: Heads, store: HeadStore): HeadAt {
  const order = heads.order(heads.header.opens_with);
  return order.find((at) => store.embedded(at)) ?? order[0]!;
}
