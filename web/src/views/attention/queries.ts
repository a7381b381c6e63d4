import type { AttentionHeader } from "../../spec/headers";
import { later, type Spec } from "../../spec/spec";
import type { HeadAt } from "./heads";

/** How one head's weights follow from its queries and keys. */
export interface Recipe {
  readonly scale: number;
  readonly cap: number | null;
  readonly window: number | null;
  readonly causal: boolean;
  /** A score that lies on no token; NaN where there is none. */
  readonly sink: number;
}

/** The levels of a head of a page that holds queries and keys: 255 times the root of its weights. */
export async function computedLevels(
  spec: Spec<AttentionHeader>,
  { layer, head }: HeadAt,
): Promise<Uint8Array> {
  const { queries, heads, positions, causal } = spec.header;
  const { of, groups, ...by } = queries!;
  const [query, key] = await Promise.all([
    later(spec, "query", layer * heads.length + head),
    later(spec, "key", layer * groups + of[head]!),
  ]);
  const recipe = {
    scale: by.scale[layer]!,
    cap: by.cap[layer]!,
    window: by.window[layer]!,
    causal: by.causal[layer]!,
    sink: spec.arrays["sink"]?.at(layer, head) ?? NaN,
  };
  const count = positions.length;
  const levels = new Uint8Array(causal ? (count * (count + 1)) / 2 : count * count);
  const [q, k] = [halves(query.data), halves(key.data)];
  let place = 0;
  for (let at = 0; at < count; at++) {
    const reach = causal ? at + 1 : count;
    const row = weightsAt(q, k, at, count, recipe);
    for (let j = 0; j < reach; j++) levels[place++] = Math.round(255 * Math.sqrt(row[j]!));
  }
  return levels;
}

/** A row of weights: scores scaled, capped and hidden where it can't see, through the softmax. */
export function weightsAt(
  query: Float32Array,
  key: Float32Array,
  at: number,
  count: number,
  { scale, cap, window, causal, sink }: Recipe,
): Float64Array {
  const size = query.length / count;
  const first = window === null ? 0 : Math.max(0, at - window + 1);
  const end = causal ? at + 1 : count;
  const row = new Float64Array(count);
  let largest = Number.isNaN(sink) ? -Infinity : sink;
  for (let j = first; j < end; j++) {
    let score = 0;
    for (let d = 0; d < size; d++) score += query[at * size + d]! * key[j * size + d]!;
    score *= scale;
    if (cap !== null) score = cap * Math.tanh(score / cap);
    row[j] = score;
    largest = Math.max(largest, score);
  }
  let total = Number.isNaN(sink) ? 0 : Math.exp(sink - largest);
  for (let j = first; j < end; j++) total += row[j] = Math.exp(row[j]! - largest);
  for (let j = first; j < end; j++) row[j]! /= total;
  return row;
}

let table: Float32Array | null = null;

/** Numbers of half precision from their bits. */
export function halves(bits: ArrayLike<number>): Float32Array {
  table ??= Float32Array.from({ length: 1 << 16 }, (_, value) => half(value));
  const known = table;
  return Float32Array.from({ length: bits.length }, (_, i) => known[bits[i]!]!);
}

function half(bits: number): number {
  const [sign, power, rest] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (power === 31) return rest ? NaN : sign * Infinity;
  return power ? sign * (1 + rest / 1024) * 2 ** (power - 15) : sign * rest * 2 ** -24;
}
