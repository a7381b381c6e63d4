import { tableBox, track } from "../../parts/candidates";
import { chip, element } from "../../parts/dom";
import type { AttentionHeader } from "../../spec/headers";
import type { Token } from "./columns";
import type { HeadAt, Heads } from "./heads";
import { told, type HeadWeights, type Weighted } from "./weights";

const LISTED = 8;
const TABLED = 20;

/** What a token looks at and what looks at it, the most first, with numbers. */
export function tokenPanel(
  header: AttentionHeader,
  weights: HeadWeights,
  token: Token,
): HTMLElement[] {
  const [outgoing, incoming] = [weights.outgoing(token.at), weights.incoming(token.at)];
  return [
    element(
      "h2",
      {},
      "At ",
      chip(header.inputs[token.at]!, "in"),
      `, position ${header.positions[token.at]!}`,
    ),
    element(
      "div",
      { class: "both-ways" },
      list(header, "It looks at", outgoing),
      list(header, "Looks at it", incoming),
    ),
    keyTable(header, token, outgoing),
  ];
}

function list(header: AttentionHeader, title: string, found: readonly Weighted[]): HTMLElement {
  const shown = found.slice(0, LISTED);
  const bars = shown.map(({ token, weight }) =>
    element(
      "div",
      { class: "bar" },
      element(
        "code",
        { dir: "ltr", title: `position ${header.positions[token]!}` },
        header.inputs[token]!,
      ),
      track(weight),
      element("span", { class: "amount" }, told(weight)),
    ),
  );
  const rest = found.length - shown.length;
  return element(
    "div",
    {},
    element("h3", {}, title),
    ...(bars.length ? bars : [element("p", { class: "hint" }, "Nothing.")]),
    rest > 0 ? element("p", { class: "hint" }, `and ${rest} more`) : null,
  );
}

function keyTable(
  header: AttentionHeader,
  token: Token,
  outgoing: readonly Weighted[],
): HTMLElement {
  const caption = `The ${Math.min(TABLED, outgoing.length)} tokens that ${header.inputs[token.at]!} looks at most`;
  const rows = outgoing
    .slice(0, TABLED)
    .map(({ token: key, weight }) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, String(header.positions[key]!)),
        element("td", {}, chip(header.inputs[key]!)),
        element("td", { class: "is-number" }, told(weight)),
      ),
    );
  const heads = ["position", "token", "weight"].map((name) =>
    element("th", { scope: "col" }, name),
  );
  const table = element(
    "table",
    { class: "datatable" },
    element("caption", { class: "visually-hidden" }, caption),
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...rows),
  );
  return element(
    "details",
    {},
    element("summary", {}, "Read as a table"),
    tableBox(caption, table),
  );
}

/** Every figure of a head, with what it is. */
export function figureList(heads: Heads, at: HeadAt): HTMLElement[] {
  const rows = heads.header.figures.flatMap(({ name, words }, f) => [
    element("dt", {}, element("b", {}, name), ` ${words}`),
    element("dd", {}, heads.told(f, at)),
  ]);
  return [
    element("h2", {}, `${heads.name(at)} in figures`),
    element("dl", { class: "figures" }, ...rows),
  ];
}
