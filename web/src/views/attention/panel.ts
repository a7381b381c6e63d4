import { tableBox, track } from "../../parts/candidates";
import { chip, element } from "../../parts/dom";
import { quantity } from "../../parts/format";
import type { AttentionHeader, TokenRow } from "../../spec/headers";
import type { HeadAt, Heads } from "./heads";
import { placeWord, rowOf, unitIn, type Token } from "./tokens";
import { told, type HeadWeights, type Weighted } from "./weights";

const LISTED = 8;
const TABLED = 20;
/** More pinned tokens than this are only named. */
const SECTIONS = 4;

/** For each token: what it looks at and what looks at it, the most first, with numbers. */
export function tokenPanels(
  tokens: readonly Token[],
  panel: (token: Token) => HTMLElement[],
): HTMLElement[] {
  const rest = tokens.length - SECTIONS;
  const sections = tokens
    .slice(0, SECTIONS)
    .map((token) => element("div", { class: "token-panel" }, ...panel(token)));
  if (rest > 0) sections.push(element("p", { class: "hint" }, `and ${rest} more pinned`));
  return sections;
}

/** The heading of what is said of a token. */
export function tokenHeading(header: AttentionHeader, { side, at }: Token): HTMLElement {
  const row = rowOf(header, side);
  const text = header.keys ? ` of the ${side === "key" ? "source" : "target"}` : "";
  const where = `, ${placeWord(row)} ${row.positions[at]!}${text}`;
  return element("h2", {}, "At ", chip(row.inputs[at]!, "in"), where);
}

/** One token of one head: both ways, then as a table. */
export function tokenPanel(
  header: AttentionHeader,
  weights: HeadWeights,
  token: Token,
): HTMLElement[] {
  const heading = tokenHeading(header, token);
  const incoming = (): HTMLElement => list(header, "Looks at it", weights.incoming(token.at));
  if (header.keys && token.side === "key") return [heading, incoming()];
  const found = weights.outgoing(token.at);
  const outgoing = list(rowOf(header, "key"), "It looks at", found);
  const ways = header.keys
    ? outgoing
    : element("div", { class: "both-ways" }, outgoing, incoming());
  return [heading, ways, keyTable(header, token, found, weights)];
}

function list(row: TokenRow, title: string, found: readonly Weighted[]): HTMLElement {
  const shown = found.slice(0, LISTED);
  const bars = shown.map(({ token, weight }) =>
    element(
      "div",
      { class: "bar" },
      element(
        "code",
        { dir: "ltr", title: `${placeWord(row)} ${row.positions[token]!}` },
        row.inputs[token]!,
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
  { units }: HeadWeights,
): HTMLElement {
  const keys = rowOf(header, "key");
  const caption = `The ${Math.min(TABLED, outgoing.length)} ${unitIn(keys)}s that ${header.inputs[token.at]!} looks at most`;
  const { name } = header.weighting;
  const rows = outgoing
    .slice(0, TABLED)
    .map(({ token: key, weight }) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, String(keys.positions[key]!)),
        element("td", {}, chip(keys.inputs[key]!)),
        element("td", { class: "is-number" }, told(weight)),
        units ? element("td", { class: "is-number" }, quantity(weight * units[token.at]!)) : null,
      ),
    );
  const labels = keys.times ? ["frame", "time"] : ["position", "token"];
  const names = [...labels, ...(units ? ["share", name] : ["weight"])];
  const heads = names.map((words) => element("th", { scope: "col" }, words));
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
