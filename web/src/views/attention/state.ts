import { Choices, isWhole } from "../../parts/choices";
import type { Host } from "../host";
import type { HeadAt, Heads } from "./heads";

/** Percents of each row's mass that the slider goes over. */
export const MASS = { least: 50, most: 100, start: "80" } as const;

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  first: ["shown", "hidden"],
  form: ["lines", "matrix"],
  side: ["query", "key"],
};

/** What is chosen on the page: head, order, first token, form, mass drawn, token. */
export function attentionChoices(heads: Heads, host: Host): Choices {
  const { header } = heads;
  const last = header.positions.length - 1;
  const start = {
    head: heads.code(opening(heads)),
    sort: "",
    first: "shown",
    form: "lines",
    mass: MASS.start,
    side: "query",
    at: String(last),
  };
  const sorts = ["", ...header.figures.map(({ name }) => name)];
  const allowed = (name: string, value: string): boolean => {
    if (name === "head") return heads.find(value) !== null;
    if (name === "sort") return sorts.includes(value);
    if (name === "mass") return isWhole(value, MASS.least, MASS.most);
    if (name === "at") return isWhole(value, 0, last);
    return ALLOWED[name]!.includes(value);
  };
  return new Choices(start, allowed, host.address);
}

/** The head that leads by the opening figure, among those the page holds. */
function opening(heads: Heads): HeadAt {
  const order = heads.order(heads.header.opens_with);
  return order.find((at) => heads.weights(at, false) !== null) ?? order[0]!;
}
