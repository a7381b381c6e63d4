import { tableBox, track } from "../../parts/candidates";
import { element } from "../../parts/dom";
import { percent, rank } from "../../parts/format";
import type { Scheme } from "../../parts/theme";
import type { AnatomyHeader, AnatomyKind, AnatomyPart } from "../../spec/anatomy";
import { areaStrength, colourOf } from "./paint";

/** The tally: what each kind of part counts, in one block and in all, and the total. */
export function tallyTable(header: AnatomyHeader, scheme: Scheme): HTMLElement {
  const heads = ["", "in one block", "blocks", "in all", "share"].map((head) =>
    element("th", { scope: "col", class: head ? "is-number" : null }, head),
  );
  const rows = header.tally.flatMap((row) => [
    kindRow(row, header.total, scheme),
    ...(row.experts ? [expertsRow(row, header.total)] : []),
  ]);
  const table = element(
    "table",
    { class: "anatomy-tally" },
    element("caption", { class: "visually-hidden" }, "Parameters by kind of part"),
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...rows),
    element(
      "tfoot",
      {},
      element(
        "tr",
        {},
        element("th", { scope: "row" }, "total"),
        ...["", "", whole(header.total), ""].map(number),
      ),
    ),
  );
  return tableBox("Parameters by kind of part", table);
}

function kindRow(row: AnatomyKind, total: number, scheme: Scheme): HTMLElement {
  const key = element("i", { class: "anatomy-key", "aria-hidden": "true" });
  const colour = colourOf(row.kind, scheme);
  key.style.borderColor = colour;
  key.style.background = `color-mix(in srgb, ${colour} ${100 * areaStrength(scheme)}%, transparent)`;
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, key, row.label),
    number(row.each ? eachOf(row.each) : ""),
    number(row.inside ? String(row.blocks) : ""),
    number(row.count ? whole(row.count) : "tied"),
    number(row.count && total ? percent(row.count / total) : ""),
  );
}

function expertsRow({ experts, blocks }: AnatomyKind, total: number): HTMLElement {
  return element(
    "tr",
    { class: "is-inner" },
    element("th", { scope: "row" }, "of these in experts"),
    number(experts % blocks ? "" : whole(experts / blocks)),
    number(""),
    number(whole(experts)),
    number(percent(experts / total)),
  );
}

function eachOf([least, most]: readonly [number, number]): string {
  return least === most ? whole(least) : `${whole(least)} – ${whole(most)}`;
}

function number(text: string): HTMLElement {
  return element("td", { class: "is-number" }, text);
}

/** A row per part, equal blocks in one. */
export function partsTable(header: AnatomyHeader): HTMLElement {
  const heads = ["part", "module", "parameters", "share of all", "of these"].map((head) =>
    element("th", { scope: "col", class: head === "parameters" ? "is-number" : null }, head),
  );
  return element(
    "table",
    { class: "anatomy" },
    element("caption", { class: "visually-hidden" }, "Every part with its module and shapes"),
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
        number(whole(header.total)),
        element("td"),
        element("td"),
      ),
    ),
  );
}

function partRow(part: AnatomyPart, total: number): HTMLElement {
  const share = total > 0 ? part.count / total : NaN;
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, nameOf(part)),
    element("td", {}, part.path ? element("code", {}, part.path) : "–"),
    number(whole(part.count)),
    element("td", {}, element("span", { class: "amount" }, percent(share)), track(share)),
    element("td", { class: "shapes" }, shapesOf(part)),
  );
}

/** Such as "MLP of blocks 0–29". */
export function nameOf({ label, blocks }: Pick<AnatomyPart, "label" | "blocks">): string {
  if (!blocks) return label;
  return `${label} of ${/^\d+$/.test(blocks) ? "block" : "blocks"} ${blocks}`;
}

function shapesOf({ shapes, twins, count }: AnatomyPart): string {
  const words = shapes.join(", ");
  const which = count ? "some one with" : "one with";
  return twins.length ? `${words} (${which} ${twins.join(", ")})` : words;
}

/** A whole number with thousands set apart; a tied part counts nothing of its own. */
export function whole(count: number): string {
  return count === 0 ? "0" : rank(count);
}
