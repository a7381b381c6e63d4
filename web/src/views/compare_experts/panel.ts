import { tableBox } from "../../parts/candidates";
import { element } from "../../parts/dom";
import { percent, quantity } from "../../parts/format";
import { points, signed } from "../../parts/signed";
import { paired, slotCode, slotPlace } from "../compare/slots";
import { scoreWords } from "./model";
import type { Routed, Routes } from "./routes";

/** One cell: every expert that either run called, with its weight and score in both. */
export function panel(routes: Routes, row: number, slot: number): HTMLElement[] {
  const { header } = routes;
  const title = element("h2", {}, slotCode(header, slot), ` in layer ${header.layers[row]!}`);
  const found = routes.at(row, slot);
  const about = element("p", { class: "about" }, words(routes, row, slot));
  if (!found.length) return [title, about];
  const name = header.scores[row]!;
  const score = (value: number): string => scoreWords(name, value);
  const apart = (gap: number): string => (name === "softmax" ? points(gap) : signed(gap));
  return [
    title,
    about,
    table(routes, "Weight", found, ({ weights }) => weights, quantity, signed),
    ...(name
      ? [table(routes, `Probability (${name})`, found, ({ scores }) => scores, score, apart)]
      : []),
  ];
}

function words(routes: Routes, row: number, slot: number): string {
  const { header } = routes;
  const place = slotPlace(header, slot);
  if (!paired(header, slot)) return `${place}. One of the two has no token here.`;
  const share = percent(routes.variation(row, slot));
  const entropies = ([0, 1] as const).map((run) => routes.entropy(run, row, slot));
  const sure = Number.isNaN(entropies[0])
    ? ""
    : ` Entropy ${entropies.map((value) => quantity(value)).join(" and ")} nats.`;
  const shared = `${routes.shared(row, slot)} ${ofAll(routes, row, slot)} in common`;
  const absent = routes.held(row) ? "" : " This page has no experts of this layer.";
  return `${place}: ${shared}; ${share} of the weight goes to others.${sure}${absent}`;
}

/** Of how many experts, where they are held. */
function ofAll(routes: Routes, row: number, slot: number): string {
  if (!routes.held(row)) return routes.shared(row, slot) === 1 ? "expert" : "experts";
  const [first, second] = ([0, 1] as const).map((run) => routes.called(run, row, slot).length);
  return `of ${first === second ? first : `${first} and ${second}`} experts`;
}

function table(
  routes: Routes,
  caption: string,
  found: readonly Routed[],
  of: (one: Routed) => readonly [number, number],
  told: (value: number) => string,
  apart: (gap: number) => string,
): HTMLElement {
  const heads = ["expert", ...routes.header.names, "difference"].map((name) =>
    element("th", { scope: "col" }, name),
  );
  const rows = found.map((one) => {
    const [first, second] = of(one);
    const cells = [told(first), told(second), apart(second - first)].map((text) =>
      element("td", { class: "is-number" }, text),
    );
    return element("tr", {}, element("th", { scope: "row" }, String(one.expert)), ...cells);
  });
  const body = element(
    "table",
    { class: "both" },
    element("caption", { class: "both-title" }, caption),
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...rows),
  );
  return tableBox(caption, body);
}
