import { tableBox } from "../../parts/candidates";
import { chip, element } from "../../parts/dom";
import { quantity } from "../../parts/format";
import type { AttentionHeader, TokenRow } from "../../spec/headers";
import { tokenHeading } from "./panel";
import type { Strand } from "./strands";
import { placeWord, rowOf, unitIn, type Token } from "./tokens";
import { told } from "./weights";

const LISTED = 8;

interface Row {
  readonly token: number;
  readonly each: readonly number[];
  readonly mean: number;
}

/** One token of several heads: its weights both ways, a column for each head. */
export function headPanel(
  header: AttentionHeader,
  strands: readonly Strand[],
  token: Token,
): HTMLElement[] {
  const ways = {
    query: () => {
      const rows = {
        title: "It looks at",
        of: rowOf(header, "key"),
        rows: outgoing(strands, token.at),
      };
      return table(strands, rows, rowSums(header, strands, token.at));
    },
    key: () => {
      const rows = { title: "Looks at it", of: header, rows: incoming(strands, token.at) };
      return table(strands, rows, null);
    },
  };
  const sides = token.side === "key" ? (["key", "query"] as const) : (["query", "key"] as const);
  // A token of the source looks at nothing here, and none of the target is looked at.
  const shown = header.keys ? sides.slice(0, 1) : sides;
  return [tokenHeading(header, token), ...shown.map((side) => ways[side]())];
}

function outgoing(strands: readonly Strand[], query: number): Row[] {
  return ranked(strands, strands[0]?.weights.reach(query) ?? 0, (strand, key) =>
    strand.weights.at(query, key),
  );
}

function incoming(strands: readonly Strand[], key: number): Row[] {
  return ranked(strands, strands[0]?.weights.size ?? 0, (strand, query) =>
    strand.weights.at(query, key),
  );
}

/** What the shares of a query are of, where weights are in a unit of their own. */
function rowSums(
  { weighting }: AttentionHeader,
  strands: readonly Strand[],
  query: number,
): HTMLElement | null {
  if (!strands.length || strands.some(({ weights }) => !weights.units)) return null;
  const sums = strands.map(({ weights }) =>
    element("td", { class: "is-number" }, quantity(weights.units![query]!)),
  );
  const mean = strands.length > 1 ? [element("td")] : [];
  const name = `sum of ${weighting.name}`;
  return element("tfoot", {}, element("tr", {}, element("td", {}, name), ...mean, ...sums));
}

/** Tokens by the mean over the heads, most first; those that could not see are left out. */
function ranked(
  strands: readonly Strand[],
  count: number,
  weight: (strand: Strand, token: number) => number,
): Row[] {
  const rows: Row[] = [];
  for (let token = 0; token < count; token++) {
    const each = strands.map((strand) => weight(strand, token));
    const mean = each.reduce((sum, one) => sum + one, 0) / each.length;
    if (mean > 0) rows.push({ token, each, mean });
  }
  return rows.sort((a, b) => b.mean - a.mean || a.token - b.token);
}

/** The other side of a token: its tokens, those with any weight first. */
interface Way {
  readonly title: string;
  readonly of: TokenRow;
  readonly rows: readonly Row[];
}

function table(
  strands: readonly Strand[],
  { title, of, rows }: Way,
  sums: HTMLElement | null,
): HTMLElement {
  const heads = [unitIn(of), ...(strands.length > 1 ? ["mean"] : [])].map((name) =>
    element("th", { scope: "col", class: name === "mean" ? "is-number" : null }, name),
  );
  for (const { name, colour } of strands) {
    const cell = element("th", { scope: "col", class: "is-number is-strand" }, name);
    cell.style.borderTopColor = colour;
    heads.push(cell);
  }
  const caption = `${title}: weight by head, the most by their mean first`;
  const whole = element(
    "table",
    { class: "datatable headtable" },
    element("caption", { class: "visually-hidden" }, caption),
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...rows.slice(0, LISTED).map((row) => line(of, row))),
    ...(sums ? [sums] : []),
  );
  const rest = rows.length - LISTED;
  return element(
    "div",
    { class: "way" },
    element("h3", {}, `${title}, in %`),
    rows.length ? tableBox(caption, whole) : element("p", { class: "hint" }, "Nothing."),
    rest > 0 ? element("p", { class: "hint" }, `and ${rest} more`) : null,
  );
}

function line(of: TokenRow, { token, each, mean }: Row): HTMLElement {
  const numbers = each.length > 1 ? [mean, ...each] : each;
  const name = chip(of.inputs[token]!);
  name.title = `${placeWord(of)} ${of.positions[token]!}`;
  return element(
    "tr",
    {},
    element("td", {}, name),
    ...numbers.map((weight) =>
      element("td", { class: "is-number" }, told(weight).replace(" %", "")),
    ),
  );
}
