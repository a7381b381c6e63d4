import { tableBox } from "../../parts/candidates";
import { chip, element } from "../../parts/dom";
import { percent, quantity } from "../../parts/format";
import type { RowNumbers } from "./numbers";
import type { Head } from "./row";
import { number, scoreFormula, signed, weightFormula } from "./words";

const TERMS = 8;
const NAMED = 3;
const TABLED = 20;

/** The way from a query and a key to a weight, with its numbers, and the terms of the sum. */
export function pairPanel(numbers: RowNumbers, key: number): HTMLElement[] {
  const { head, row } = numbers;
  const { inputs, positions } = head.header;
  const title = element(
    "h2",
    {},
    chip(inputs[row.query]!, "in"),
    ` (${positions[row.query]!}) on `,
    chip(head.keys.inputs[key]!, "in"),
    ` (${head.keys.positions[key]!})${head.header.source ? " of the source" : ""}`,
  );
  if (Number.isNaN(row.score[key]!)) {
    return [
      title,
      element("p", { class: "about" }, "It can't see this token: no score, no weight."),
    ];
  }
  const ways = element("div", { class: "ways" }, steps(numbers, key), terms(numbers, key));
  return [title, ways];
}

/** One line for each step that this head takes. */
function steps(numbers: RowNumbers, key: number): HTMLElement {
  const { head, row, vectors } = numbers;
  const early = vectors === head.before;
  const sum = early ? head.dot(vectors, row.query, key) : row.dot[key]!;
  const named = numbers.leading(key).slice(0, NAMED);
  const parts = named.map((i) => signed(product(numbers, key, i))).join(" ");
  const rest = head.keySize - named.length;
  const lines: [string, string][] = [
    [
      early ? "sum before rotary" : "sum of products",
      `${parts}${rest > 0 ? ` and ${rest} more` : ""} = ${number(sum)}`,
    ],
  ];
  if (early) lines.push(["after rotary", `${number(row.dot[key]!)}: this is what is scored`]);
  lines.push(["score", scoreFormula(head, row, key)]);
  lines.push(["weight", weightFormula(row, row.score[key]!)]);
  lines.push(["into the output", share(numbers, key)]);
  return element(
    "dl",
    { class: "formula" },
    ...lines.flatMap(([name, words]) => [element("dt", {}, name), element("dd", {}, words)]),
  );
}

/** How much of the output is this token's: lengths do not add up, they say what is large. */
function share({ head, row }: RowNumbers, key: number): string {
  const value = head.value.data.subarray(key * head.valueSize, (key + 1) * head.valueSize);
  const [weight, long] = [row.weight[key]!, length(value)];
  return (
    `${percent(weight)} of a value of length ${number(long)} = length ${number(weight * long)}; ` +
    `the whole output has length ${number(length(row.output))}`
  );
}

function length(vector: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i]! ** 2;
  return Math.sqrt(sum);
}

/** The largest products with the two numbers each is made of; bars go both ways from the middle. */
function terms(numbers: RowNumbers, key: number): HTMLElement {
  const { row, vectors } = numbers;
  const shown = numbers.leading(key).slice(0, TERMS);
  const most = Math.abs(product(numbers, key, shown[0]!)) || 1;
  const rows = shown.map((i) => {
    const value = product(numbers, key, i);
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, String(i)),
      numberCell(vectors.query.at(row.query, i)),
      numberCell(vectors.key.at(key, i)),
      numberCell(value),
      element("td", {}, bar(value / most)),
    );
  });
  const heads = ["entry", "query", "key", "product", ""];
  return element(
    "table",
    { class: "terms" },
    element("caption", { class: "visually-hidden" }, "The largest products, by entry"),
    element("thead", {}, element("tr", {}, ...heads.map(columnHead))),
    element("tbody", {}, ...rows),
  );
}

/** The keys with the most weight, as numbers. */
export function keyTable(numbers: RowNumbers): HTMLElement {
  const { head, row } = numbers;
  const seen = numbers.keys(true).filter((key) => !Number.isNaN(row.score[key]!));
  const rows = seen
    .slice(0, TABLED)
    .map((key) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, String(head.keys.positions[key]!)),
        element("td", {}, chip(head.keys.inputs[key]!)),
        numberCell(row.dot[key]!),
        numberCell(row.score[key]!),
        element("td", { class: "is-number" }, percent(row.weight[key]!)),
      ),
    );
  if (head.header.sink !== null) {
    rows.push(
      element(
        "tr",
        {},
        element("th", { scope: "row" }, "–"),
        element("td", {}, "no token"),
        element("td", { class: "is-number" }, "–"),
        numberCell(head.header.sink),
        element("td", { class: "is-number" }, percent(row.sink)),
      ),
    );
  }
  const heads = ["position", "token", "sum of products", "score", "weight"];
  const caption = `The ${Math.min(TABLED, seen.length)} keys with the most weight`;
  const table = element(
    "table",
    { class: "datatable" },
    element("caption", { class: "visually-hidden" }, caption),
    element("thead", {}, element("tr", {}, ...heads.map(columnHead))),
    element("tbody", {}, ...rows),
  );
  return tableBox(caption, table);
}

function product({ vectors, row }: RowNumbers, key: number, entry: number): number {
  return vectors.query.at(row.query, entry) * vectors.key.at(key, entry);
}

function columnHead(name: string): HTMLElement {
  const isNumber = name !== "token" && name !== "";
  return element("th", { scope: "col", class: isNumber ? "is-number" : null }, name);
}

function numberCell(value: number): HTMLElement {
  return element("td", { class: "is-number" }, quantity(value));
}

function bar(share: number): HTMLElement {
  const fill = element("i");
  fill.style.width = `${50 * Math.abs(share)}%`;
  fill.style.left = share < 0 ? `${50 - 50 * Math.abs(share)}%` : "50%";
  fill.style.background = share < 0 ? "var(--out)" : "var(--accent)";
  return element("span", { class: "term", "aria-hidden": "true" }, fill);
}

/** What holds for the whole head: the numbers that shape every score. */
export function facts(head: Head): HTMLElement {
  const { layer, head: number_, group, group_size, scale, cap, sink, layout } = head.header;
  const rows: [string, string][] = [
    ["layer, head", `${layer}, ${number_}`],
    ["keys and values", `head ${group}` + (group_size > 1 ? `, shared by ${group_size}` : "")],
    ["entries", `${head.keySize} of queries and keys, ${head.valueSize} of values`],
    ["scale", number(scale)],
    ...(cap === null ? [] : [["soft-cap", number(cap)] as [string, string]]),
    ["each token sees", whatItSees(head)],
    ["sink", sink === null ? "none: weights sum to 1" : `${number(sink)}, a score on no token`],
    ["rotary embedding", layout === null ? "none that could be proven" : turns(head)],
    ["position bias", head.spec.arrays["bias"] ? "added to the scores" : "none"],
  ];
  const list = rows.flatMap(([name, words]) => [element("dt", {}, name), element("dd", {}, words)]);
  return element(
    "section",
    { class: "card" },
    element("h2", {}, "This head"),
    element("dl", { class: "provenance" }, ...list),
  );
}

function whatItSees({ header, spec }: Head): string {
  const where = header.source
    ? "every token of the source"
    : header.causal
      ? "itself and what came before"
      : "every token";
  const near = header.window === null ? "" : `, ${header.window} at most`;
  return where + near + (spec.arrays["hidden"] ? ", but for what the mask hides" : "");
}

function turns({ header, keySize, spec }: Head): string {
  const size = spec.arrays["cos"]!.shape[1]!;
  const pairs = header.layout === "half" ? `i with i + ${size / 2}` : "2i with 2i + 1";
  return `turns ${size === keySize ? "all" : `the first ${size}`} entries, ${pairs}`;
}
