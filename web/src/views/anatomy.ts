import { tableBox, track } from "../parts/candidates";
import { card, sentence } from "../parts/card";
import { element } from "../parts/dom";
import { percent, rank } from "../parts/format";
import type { AnatomyHeader } from "../spec/headers";
import { pageView, wide } from "./page";

type Part = AnatomyHeader["parts"][number];

/** The parts of a model with their sizes, and what can be had exactly of it. */
export const anatomyView = pageView<AnatomyHeader>(({ header }) => {
  const parts = card(
    header.heading,
    header.about,
    [],
    sentence(header.sentence),
    tableBox(header.heading, partsTable(header)),
  );
  const proven = card(
    "What can be had exactly",
    "Found out on this very model, on a short text, when it was loaded.",
    [],
    capabilities(header),
  );
  return { cards: [wide(parts), wide(proven)] };
});

function partsTable(header: AnatomyHeader): HTMLElement {
  const heads = ["part", "module", "parameters", "share of all", "of these"].map((head) =>
    element("th", { scope: "col", class: head === "parameters" ? "is-number" : null }, head),
  );
  return element(
    "table",
    { class: "anatomy" },
    element("caption", { class: "visually-hidden" }, header.about),
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...header.parts.map((part) => partRow(part, header.total))),
    element(
      "tfoot",
      {},
      element(
        "tr",
        {},
        element("th", { scope: "row" }, "all"),
        element("td"),
        element("td", { class: "is-number" }, whole(header.total)),
        element("td"),
        element("td"),
      ),
    ),
  );
}

function partRow(part: Part, total: number): HTMLElement {
  const share = total > 0 ? part.count / total : NaN;
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, nameOf(part)),
    element("td", {}, part.path ? element("code", {}, part.path) : "–"),
    element("td", { class: "is-number" }, whole(part.count)),
    element("td", {}, element("span", { class: "amount" }, percent(share)), track(share)),
    element("td", { class: "shapes" }, shapesOf(part)),
  );
}

function nameOf(part: Part): string {
  if (!part.blocks) return part.kind;
  return `${part.kind} of ${/^\d+$/.test(part.blocks) ? "block" : "blocks"} ${part.blocks}`;
}

function shapesOf(part: Part): string {
  const shapes = part.shapes.join(", ");
  return part.tied.length ? `${shapes} (one with ${part.tied.join(", ")})` : shapes;
}

function capabilities(header: AnatomyHeader): HTMLElement {
  const rows = header.capabilities.flatMap(({ name, proven, why }) => [
    element("dt", {}, name),
    element("dd", {}, element("b", {}, proven ? "proven: " : "not available, because "), why),
  ]);
  return element("dl", { class: "provenance" }, ...rows);
}

/** A whole number with thousands set apart; a tied part counts nothing of its own. */
function whole(count: number): string {
  return count === 0 ? "0" : rank(count);
}
