import { percent, quantity } from "../../parts/format";
import type { TokenRow } from "../../spec/headers";
import { OUTPUT, QUERY, SINK, type Cell } from "./layout";
import type { Head, Row, Vectors } from "./row";

/** A number as it stands in a formula: a minus sign, and in brackets where it follows another. */
export function number(value: number, inside = false): string {
  const text = quantity(value);
  return inside && value < 0 ? `(${text})` : text;
}

/** A number with its sign, also where it is positive. */
export function signed(value: number): string {
  return (value > 0 ? "+" : "") + number(value);
}

export function labelOf(row: TokenRow, token: number): string {
  return `${row.inputs[token]!} (${row.positions[token]!})`;
}

/** How a cell's number came about, with the numbers it is made of. */
export function told(head: Head, row: Row, vectors: Vectors, cell: Cell): string {
  const { header } = head;
  const { key, block, entry } = cell;
  const early = vectors === head.before ? " before rotary" : "";
  if (key === QUERY) {
    const value = vectors.query.at(row.query, entry);
    const words = `query[${entry}] of ${labelOf(header, row.query)}${early}`;
    return `${words} = ${number(value)}${turned(head, vectors, "query", row.query, entry)}`;
  }
  if (key === OUTPUT)
    return `output[${entry}] = sum of weight × value = ${number(row.output[entry]!)}`;
  if (key === SINK) return sinkTold(head, row, block === "weight");
  const label = labelOf(head.keys, key);
  if (block === "key") {
    const value = vectors.key.at(key, entry);
    return `key[${entry}] of ${label}${early} = ${number(value)}${turned(head, vectors, "key", key, entry)}`;
  }
  if (block === "value")
    return `value[${entry}] of ${label} = ${number(head.value.at(key, entry))}`;
  if (Number.isNaN(row.score[key]!)) return `${labelOf(header, row.query)} can't see ${label}`;
  if (block === "product") {
    const [q, k] = [vectors.query.at(row.query, entry), vectors.key.at(key, entry)];
    return `query[${entry}] × key[${entry}]${early} = ${number(q)} × ${number(k, true)} = ${number(q * k)}`;
  }
  if (block === "dot") {
    const dot = head.dot(vectors, row.query, key);
    return `query · key${early} = sum of ${head.keySize} products = ${number(dot)}`;
  }
  if (block === "score") return `score of ${label} = ${scoreFormula(head, row, key)}`;
  if (block === "weight") return `weight of ${label} = ${weightFormula(row, row.score[key]!)}`;
  const [weight, value] = [row.weight[key]!, head.value.at(key, entry)];
  return (
    `weight × value[${entry}] of ${label} = ${percent(weight)} × ${number(value, true)} = ` +
    number(weight * value)
  );
}

/** scale × dot, the soft-cap and the bias where there are such, and what comes out. */
export function scoreFormula(head: Head, row: Row, key: number): string {
  const { scale, cap } = head.header;
  let formula = `${number(scale)} × ${number(row.dot[key]!, true)}`;
  if (cap !== null) {
    const end = number(cap);
    formula = `${end} × tanh(${formula} / ${end})`;
  }
  const bias = head.biasAt(row.query, key);
  if (bias !== null) formula += ` + ${number(bias, true)}`;
  return `${formula} = ${number(row.score[key]!)}`;
}

/** The softmax as it is computed: the largest score is taken off first. */
export function weightFormula(row: Row, score: number): string {
  const exp = Math.exp(score - row.largest);
  return (
    `e^(${number(score)} − ${number(row.largest, true)}) / sum of these = ` +
    `${number(exp)} / ${number(row.total)} = ${percent(exp / row.total)}`
  );
}

function sinkTold(head: Head, row: Row, asWeight: boolean): string {
  const score = head.header.sink!;
  if (asWeight) return `weight on no token = ${weightFormula(row, score)}`;
  return `score of no token (a sink, one number for the head) = ${number(score)}`;
}

/** How the rotary embedding made an entry from two: x cos + partner sin. */
function turned(
  head: Head,
  vectors: Vectors,
  which: "query" | "key",
  token: number,
  entry: number,
): string {
  if (!head.before || vectors === head.before) return "";
  const cos = head.spec.arrays["cos"]!;
  const size = cos.shape[1]!;
  if (entry >= size) return ", which no rotation touches";
  const [other, sign] = partner(head.header.layout!, size, entry);
  const own = head.before[which].at(token, entry);
  const from = sign * head.before[which].at(token, other);
  const sin = head.spec.arrays["sin"]!.at(token, entry);
  return (
    ` = ${number(own)} × ${number(cos.at(token, entry), true)} + ${number(from, true)} × ` +
    `${number(sin, true)}: rotary turns entries ${entry} and ${other} together`
  );
}

/** The entry turned together with another, and the sign it comes with. */
export function partner(
  layout: "half" | "interleaved",
  size: number,
  entry: number,
): readonly [number, number] {
  if (layout === "half") return entry < size / 2 ? [entry + size / 2, -1] : [entry - size / 2, 1];
  return entry % 2 === 0 ? [entry + 1, -1] : [entry - 1, 1];
}
