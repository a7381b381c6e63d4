import type { AttentionNeuronHeader } from "../../spec/attention_neuron";
import type { TokenRow } from "../../spec/headers";
import { arrayOf, type Grid, type Spec } from "../../spec/spec";

/** One query's row, step by step; NaN where it can't see a key, and the weight is 0 there. */
export interface Row {
  readonly query: number;
  /** By key: the sum of products, times the scale, after cap and bias, after the softmax. */
  readonly dot: Float64Array;
  readonly scaled: Float64Array;
  readonly score: Float64Array;
  readonly weight: Float64Array;
  /** The largest score, the sink's among them, and the sum of exp(score - largest). */
  readonly largest: number;
  readonly total: number;
  /** The weight that lies on no token. */
  readonly sink: number;
  /** By entry of the values: what the head writes, the values added up by weight. */
  readonly output: Float64Array;
}

/** Queries and keys: as they meet, or before the rotary embedding. */
export interface Vectors {
  readonly query: Grid;
  readonly key: Grid;
}

/** One head with the vectors of every token: the row of any query is computed from them. */
export class Head {
  readonly header: AttentionNeuronHeader;
  /** The tokens that are looked at: of the text itself, or of the source. */
  readonly keys: TokenRow;
  readonly after: Vectors;
  readonly before: Vectors | null;
  readonly value: Grid;
  /** Keys; entries of queries and keys; entries of values. */
  readonly count: number;
  readonly keySize: number;
  readonly valueSize: number;
  private readonly bias: Grid | null;
  private readonly hidden: Grid | null;
  private last: Row | null = null;

  constructor(readonly spec: Spec<AttentionNeuronHeader>) {
    this.header = spec.header;
    this.keys = spec.header.source ?? spec.header;
    this.after = { query: arrayOf(spec, "query"), key: arrayOf(spec, "key") };
    this.value = arrayOf(spec, "value");
    this.before = spec.header.layout && {
      query: arrayOf(spec, "query_before"),
      key: arrayOf(spec, "key_before"),
    };
    this.bias = spec.arrays["bias"] ?? null;
    this.hidden = spec.arrays["hidden"] ?? null;
    [this.count, this.keySize] = this.after.key.shape as [number, number];
    this.valueSize = this.value.shape[1]!;
  }

  sees(query: number, key: number): boolean {
    const { causal, window } = this.header;
    if (causal && key > query) return false;
    if (window !== null && key <= query - window) return false;
    return !this.hidden?.at(query, key);
  }

  /** What is added to a score for its place; null where this head adds nothing. */
  biasAt(query: number, key: number): number | null {
    return this.bias && this.bias.at(query, key);
  }

  /** The sum of query times key, entry by entry. */
  dot({ query, key }: Vectors, from: number, to: number): number {
    let [sum, a, b] = [0, from * this.keySize, to * this.keySize];
    for (let i = 0; i < this.keySize; i++) sum += query.data[a++]! * key.data[b++]!;
    return sum;
  }

  capped(score: number): number {
    const { cap } = this.header;
    return cap === null ? score : cap * Math.tanh(score / cap);
  }

  /** The whole computation of one query; the last one is remembered. */
  row(query: number): Row {
    if (this.last?.query === query) return this.last;
    const undefinedRow = (): Float64Array => new Float64Array(this.count).fill(NaN);
    const [dot, scaled, score] = [undefinedRow(), undefinedRow(), undefinedRow()];
    const { scale, sink } = this.header;
    let largest = sink ?? -Infinity;
    for (let key = 0; key < this.count; key++) {
      if (!this.sees(query, key)) continue;
      dot[key] = this.dot(this.after, query, key);
      scaled[key] = scale * dot[key]!;
      score[key] = this.capped(scaled[key]!) + (this.biasAt(query, key) ?? 0);
      largest = Math.max(largest, score[key]!);
    }
    const weight = score.map((at) => (Number.isNaN(at) ? 0 : Math.exp(at - largest)));
    const onNothing = sink === null ? 0 : Math.exp(sink - largest);
    const total = weight.reduce((sum, exp) => sum + exp, onNothing);
    if (total > 0) weight.forEach((exp, key) => (weight[key] = exp / total));
    const output = this.output(weight);
    const missing = total > 0 ? onNothing / total : 0;
    this.last = { query, dot, scaled, score, weight, largest, total, sink: missing, output };
    return this.last;
  }

  private output(weight: Float64Array): Float64Array {
    const output = new Float64Array(this.valueSize);
    weight.forEach((share, key) => {
      if (share === 0) return;
      let at = key * this.valueSize;
      for (let i = 0; i < this.valueSize; i++) output[i]! += share * this.value.data[at++]!;
    });
    return output;
  }
}

/** The keys in the order of the text, or those with the most weight first; unseen ones last. */
export function keyOrder(row: Row, byWeight: boolean): number[] {
  const keys = Array.from(row.weight, (_, key) => key);
  if (!byWeight) return keys;
  const rank = (key: number): number => (Number.isNaN(row.score[key]!) ? -1 : row.weight[key]!);
  return keys.sort((a, b) => rank(b) - rank(a) || a - b);
}

/** The first `count` entries, in order or with the largest sums of `size` over the keys first. */
export function entryOrder(
  entries: number,
  count: number,
  sums: ((entry: number) => number) | null,
): number[] {
  const all = Array.from({ length: entries }, (_, entry) => entry);
  if (sums) {
    const known = all.map(sums);
    all.sort((a, b) => known[b]! - known[a]! || a - b);
  }
  return all.slice(0, count);
}
