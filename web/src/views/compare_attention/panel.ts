import { tableBox, track } from "../../parts/candidates";
import { element, type Child } from "../../parts/dom";
import { percent } from "../../parts/format";
import { points } from "../../parts/signed";
import type { CompareAttentionHeader, SlotRow } from "../../spec/compare";
import { slotCode, slotPlace } from "../compare/slots";
import type { Slots } from "./strips";
import { apart, type PairWeights, type Versus } from "./weights";

const LISTED = 5;
const TABLED = 30;

type Names = CompareAttentionHeader["names"];

/**
 * What a token looks at and what looks at it, in both runs, the largest difference first.
 * Of cross attention the first is of the target, the second of the source.
 */
export function slotPanel(
  header: CompareAttentionHeader,
  weights: PairWeights | null,
  { at: slot, key }: Slots,
  head: string,
): HTMLElement[] {
  const { keys } = header;
  const of = keys ? " of the target" : "";
  const place = [
    element("h2", {}, "At ", slotCode(header, slot)),
    element("p", { class: "about" }, `${slotPlace(header, slot)}${of} · ${head}`),
  ];
  if (!weights) return place;
  const outgoing = weights.outgoing(slot);
  const looking = weights.incoming(keys ? key : slot);
  return [
    ...place,
    list(header.names, keys ?? header, ["It looks at"], outgoing),
    list(
      header.names,
      header,
      keys ? ["Looks at ", slotCode(keys, key), " of the source"] : ["Looks at it"],
      looking,
    ),
    table(header.names, keys ?? header, outgoing),
  ];
}

function list(
  names: Names,
  row: SlotRow,
  title: readonly Child[],
  found: readonly Versus[],
): HTMLElement {
  const shown = found.filter((versus) => apart(versus) > 0).slice(0, LISTED);
  const rest = found.length - shown.length;
  return element(
    "div",
    { class: "versus-list" },
    element("h3", {}, ...title),
    ...shown.map((versus) => line(names, row, versus)),
    rest > 0
      ? element("p", { class: "hint" }, shown.length ? `and ${rest} more` : "no difference")
      : null,
  );
}

/** A token, its difference, and the two weights as bars with their numbers. */
function line(names: Names, row: SlotRow, { slot, first, second }: Versus): HTMLElement {
  const bar = (run: 0 | 1, weight: number): HTMLElement[] => [
    element("span", { class: "versus-name" }, names[run]),
    track(weight),
    element("span", { class: "amount" }, percent(weight)),
  ];
  return element(
    "div",
    { class: "versus" },
    element("span", { class: "versus-token" }, slotCode(row, slot)),
    element("b", { class: "amount" }, points((second || 0) - (first || 0))),
    ...bar(0, first),
    ...bar(1, second),
  );
}

function table(names: Names, row: SlotRow, found: readonly Versus[]): HTMLElement {
  const caption = `The ${Math.min(TABLED, found.length)} keys whose weights differ most`;
  const cells = (values: readonly string[]): HTMLElement[] =>
    values.map((value) => element("td", { class: "is-number" }, value));
  const rows = found
    .slice(0, TABLED)
    .map((versus) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, slotCode(row, versus.slot)),
        ...cells([
          percent(versus.first),
          percent(versus.second),
          points(versus.second - versus.first),
        ]),
      ),
    );
  const heads = ["key", ...names, "difference"].map((name) =>
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
