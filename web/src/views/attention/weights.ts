import type { Block } from "./blocks";
import type { Counts } from "./tokens";

/** A key or a query with the weight between it and the token asked about. */
export interface Weighted {
  readonly token: number;
  readonly weight: number;
}

const LEVELS = 256;
const WEIGHTS = Float64Array.from({ length: LEVELS }, (_, level) => (level / (LEVELS - 1)) ** 2);

/**
 * The weights of one head, kept as 255 times their square root. Without the first token each row
 * sums to 1 again; a row that saw nothing else is empty.
 */
export class HeadWeights {
  private readonly starts: Int32Array;
  /** What a level's weight is multiplied by in each row. */
  private readonly scale: Float64Array;
  /** The sum of each row that is shown. */
  private readonly total: Float64Array;
  /** How many queries, and how many keys. */
  readonly size: number;
  private readonly keys: number;

  /** `units`: what each row was divided by to be in shares; null where weights are shares. */
  constructor(
    private readonly levels: Uint8Array,
    { query: size, key: keys }: Counts,
    private readonly causal: boolean,
    private readonly hideFirst: boolean,
    readonly units: ArrayLike<number> | null = null,
  ) {
    [this.size, this.keys] = [size, keys];
    this.starts = Int32Array.from({ length: size }, (_, q) =>
      causal ? (q * (q + 1)) / 2 : q * keys,
    );
    this.scale = new Float64Array(size).fill(1);
    this.total = new Float64Array(size);
    for (let query = 0; query < size; query++) {
      let sum = 0;
      for (let key = 0; key < this.reach(query); key++) sum += WEIGHTS[this.level(query, key)]!;
      if (hideFirst && sum > 0) this.scale[query] = 1 / sum;
      this.total[query] = hideFirst && sum > 0 ? 1 : sum;
    }
  }

  /** How many keys a query could see. */
  reach(query: number): number {
    return this.causal ? query + 1 : this.keys;
  }

  /** The stored level: 0 for what could not be seen, or is hidden. */
  level(query: number, key: number): number {
    if (key >= this.reach(query) || (this.hideFirst && key === 0)) return 0;
    return this.levels[this.starts[query]! + key]!;
  }

  /** Linear, 0..1; NaN where the query could not see the key. */
  at(query: number, key: number): number {
    if (key >= this.reach(query)) return NaN;
    return WEIGHTS[this.level(query, key)]! * this.scale[query]!;
  }

  /** What a query looks at, most first. */
  outgoing(query: number): Weighted[] {
    return ranked(this.reach(query), (key) => this.at(query, key), this.hideFirst ? 1 : 0);
  }

  /** Which queries look at a key, most first. */
  incoming(key: number): Weighted[] {
    return ranked(this.size, (query) => this.at(query, key), this.causal ? key : 0);
  }

  /**
   * The least level drawn in each row, so that at least `share` of its mass is drawn with as few
   * lines as can be (equal ones together), and how much of all mass that is inside a block.
   */
  cut(share: number, block?: Block): { readonly least: Uint8Array; readonly drawn: number } {
    const least = new Uint8Array(this.size).fill(LEVELS - 1);
    let [drawn, whole] = [0, 0];
    for (let query = 0; query < this.size; query++) {
      const counts = this.counts(query, 0, this.keys);
      const row = this.total[query]!;
      let mass = 0;
      for (let level = LEVELS - 1; level > 0 && mass < share * row - 1e-9; level--) {
        mass += counts[level]! * WEIGHTS[level]! * this.scale[query]!;
        least[query] = level;
      }
      drawn += block ? this.massIn(block, query, least[query]!) : mass;
      whole += row;
    }
    return { least, drawn: whole > 0 ? drawn / whole : 0 };
  }

  /** How many keys of a row have each level. */
  private counts(query: number, from: number, to: number): Int32Array {
    const counts = new Int32Array(LEVELS);
    const end = Math.min(to, this.reach(query));
    for (let key = from; key < end; key++) counts[this.level(query, key)]!++;
    return counts;
  }

  /** The mass of a row inside a block, of levels that are drawn. */
  private massIn({ queries, keys }: Block, query: number, least: number): number {
    if (query < queries[0] || query >= queries[1]) return 0;
    const counts = this.counts(query, ...keys);
    let mass = 0;
    for (let level = Math.max(1, least); level < LEVELS; level++)
      mass += counts[level]! * WEIGHTS[level]!;
    return mass * this.scale[query]!;
  }
}

function ranked(count: number, weight: (token: number) => number, from: number): Weighted[] {
  const found: Weighted[] = [];
  for (let token = from; token < count; token++) found.push({ token, weight: weight(token) });
  return found.sort((a, b) => b.weight - a.weight || a.token - b.token);
}

/** A weight with the two figures that 8 bits give. */
export function told(weight: number): string {
  if (Number.isNaN(weight)) return "–";
  const value = 100 * weight;
  if (value < 0.01) return "< 0.01 %";
  return `${figures(value)} %`;
}

/** A difference of two weights in percentage points, with its sign. */
export function toldDifference(difference: number): string {
  if (Number.isNaN(difference)) return "–";
  const value = 100 * Math.abs(difference);
  if (value === 0) return "0";
  const sign = difference > 0 ? "+" : "−";
  return value < 0.01 ? `${sign}< 0.01` : sign + figures(value);
}

function figures(value: number): string {
  if (value >= 9.95) return value.toFixed(0);
  return value.toFixed(value >= 0.995 ? 1 : 2);
}
