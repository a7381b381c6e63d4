/** A key or a query with the weight between it and the token asked about. */
export interface Weighted {
  readonly token: number;
  readonly weight: number;
}

const LEVELS = 256;

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

  constructor(
    private readonly levels: Uint8Array,
    readonly size: number,
    private readonly causal: boolean,
    private readonly hideFirst: boolean,
  ) {
    this.starts = Int32Array.from({ length: size }, (_, q) =>
      causal ? (q * (q + 1)) / 2 : q * size,
    );
    this.scale = new Float64Array(size).fill(1);
    this.total = new Float64Array(size);
    for (let query = 0; query < size; query++) {
      let sum = 0;
      for (let key = 0; key < this.reach(query); key++) sum += weightOf(this.level(query, key));
      if (hideFirst && sum > 0) this.scale[query] = 1 / sum;
      this.total[query] = hideFirst && sum > 0 ? 1 : sum;
    }
  }

  /** How many keys a query could see. */
  reach(query: number): number {
    return this.causal ? query + 1 : this.size;
  }

  /** The stored level: 0 for what could not be seen, or is hidden. */
  level(query: number, key: number): number {
    if (key >= this.reach(query) || (this.hideFirst && key === 0)) return 0;
    return this.levels[this.starts[query]! + key]!;
  }

  /** Linear, 0..1; NaN where the query could not see the key. */
  at(query: number, key: number): number {
    if (key >= this.reach(query)) return NaN;
    return weightOf(this.level(query, key)) * this.scale[query]!;
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
   * lines as can be (equal ones together), and how much of all mass that is.
   */
  cut(share: number): { readonly least: Uint8Array; readonly drawn: number } {
    const least = new Uint8Array(this.size).fill(LEVELS - 1);
    let [drawn, whole] = [0, 0];
    for (let query = 0; query < this.size; query++) {
      const counts = new Int32Array(LEVELS);
      for (let key = 0; key < this.reach(query); key++) counts[this.level(query, key)]!++;
      const row = this.total[query]!;
      let mass = 0;
      for (let level = LEVELS - 1; level > 0 && mass < share * row - 1e-9; level--) {
        mass += counts[level]! * weightOf(level) * this.scale[query]!;
        least[query] = level;
      }
      drawn += mass;
      whole += row;
    }
    return { least, drawn: whole > 0 ? drawn / whole : 0 };
  }
}

function weightOf(level: number): number {
  return (level / (LEVELS - 1)) ** 2;
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
  if (value >= 9.95) return `${value.toFixed(0)} %`;
  return `${value.toFixed(value >= 0.995 ? 1 : 2)} %`;
}
