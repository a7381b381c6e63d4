import { tableBox, track } from "../../parts/candidates";
import { element } from "../../parts/dom";
import { percent } from "../../parts/format";
import { points } from "../../parts/signed";
import type { CompareAttentionHeader } from "../../spec/compare";
import { slotCode, slotPlace } from "../compare/slots";
import { apart, type PairWeights, type Versus } from "./weights";

const LISTED = 5;
const TABLED = 30;

/** What a token looks at and what looks at it, in both runs, the largest difference first. */
export function slotPanel(
  header: CompareAttentionHeader,
  weights: PairWeights | null,
  slot: number,
  head: string,
): HTMLElement[] {
  const place = [
    element("h2", {}, "At ", slotCode(header, slot)),
    element("p", { class: "about" }, `${slotPlace(header, slot)} · ${head}`),
  ];
  if (!weights) return place;
  const outgoing = weights.outgoing(slot);
  return [
    ...place,
    list(header, "It looks at", outgoing),
    list(header, "Looks at it", weights.incoming(slot)),
    table(header, outgoing),
  ];
}

function list(
  header: CompareAttentionHeader,
  title: string,
  found: readonly Versus[],
): HTMLElement {
  const shown = found.filter((versus) => apart(versus) > 0).slice(0, LISTED);
  const rest = found.length - shown.length;
  return element(
    "div",
    { class: "versus-list" },
    element("h3", {}, title),
    ...shown.map((versus) => line(header, versus)),
    rest > 0
      ? element("p", { class: "hint" }, shown.length ? `and ${rest} more` : "no difference")
      : null,
  );
}

/** A token, its difference, and the two weights as bars with their numbers. */
function line(header: CompareAttentionHeader, { slot, first, second }: Versus): HTMLElement {
  const bar = (run: 0 | 1, weight: number): HTMLElement[] => [
    element("span", { class: "versus-name" }, header.names[run]),
    track(weight),
    element("span", { class: "amount" }, percent(weight)),
  ];
  return element(
    "div",
    { class: "versus" },
    element("span", { class: "versus-token" }, slotCode(header, slot)),
    element("b", { class: "amount" }, points((second || 0) - (first || 0))),
    ...bar(0, first),
    ...bar(1, second),
  );
}

function table(header: CompareAttentionHeader, found: readonly Versus[]): HTMLElement {
  const caption = `The ${Math.min(TABLED, found.length)} keys whose weights differ most`;
  const cells = (values: readonly string[]): HTMLElement[] =>
    values.map((value) => element("td", { class: "is-number" }, value));
  const rows = found
    .slice(0, TABLED)
    .map((versus) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, slotCode(header, versus.slot)),
        ...cells([
          percent(versus.first),
          percent(versus.second),
          points(versus.second - versus.first),
        ]),
      ),
    );
  const heads = ["key", ...header.names, "difference"].map((name) =>
    element("th", { scope: "col" }, name),
  );
  const body = element(
    "table",
    { class: "datatable" },
    element("caption", { class: "visually-hidden" }, caption),
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...rows),
  );
  return element("details", {}, element("summary", {}, "Read as a table"), tableBox(caption, body));
}
