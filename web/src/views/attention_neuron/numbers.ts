import { entryOrder, keyOrder, type Head, type Row, type Vectors } from "./row";
import { OUTPUT, QUERY, SINK, type Block, type Cell } from "./layout";

/** What is drawn of a query's row: the numbers of its cells and the ends of their colours. */
export class RowNumbers {
  readonly row: Row;
  private readonly known = new Map<string, number>();

  constructor(
    readonly head: Head,
    readonly vectors: Vectors,
    query: number,
  ) {
    this.row = head.row(query);
  }

  /** The number in a cell; NaN where the query can't see the key. */
  value({ key, block, entry }: Cell): number {
    const { row, vectors, head } = this;
    if (key === QUERY) return vectors.query.at(row.query, entry);
    if (key === OUTPUT) return row.output[entry]!;
    if (key === SINK) return block === "score" ? head.header.sink! : row.sink;
    const seen = !Number.isNaN(row.score[key]!);
    switch (block) {
      case "key":
        return vectors.key.at(key, entry);
      case "value":
        return head.value.at(key, entry);
      case "product":
        return seen ? vectors.query.at(row.query, entry) * vectors.key.at(key, entry) : NaN;
      case "dot":
        return seen ? this.dot(key) : NaN;
      case "score":
        return row.score[key]!;
      case "weight":
        return seen ? row.weight[key]! : NaN;
      case "weighted":
        return seen ? row.weight[key]! * head.value.at(key, entry) : NaN;
    }
  }

  /** The largest size of a number in a block, or in the query's or the output's row: never 0. */
  end(part: Block | "query" | "output"): number {
    const { head, vectors, row } = this;
    if (part === "query") return this.once(part, () => largest(vectors.query.data));
    if (part === "output") return this.once(part, () => largest(row.output));
    if (part === "key") return this.once(part, () => largest(vectors.key.data));
    if (part === "value") return this.once(part, () => largest(head.value.data));
    return this.once(part, () => Math.max(...this.sums(part, Math.max)) || 1);
  }

  /** The keys in the order they are drawn. */
  keys(byWeight: boolean): number[] {
    return keyOrder(this.row, byWeight);
  }

  /** The entries of a block that are drawn; the largest are those with the largest mean size. */
  entries(block: Block, count: number, largestFirst: boolean): number[] {
    const ofKeys = block === "key" || block === "product";
    const size = ofKeys ? this.head.keySize : this.head.valueSize;
    const sums = largestFirst ? this.sums(ofKeys ? "product" : "weighted", plus) : null;
    return entryOrder(size, count, sums && ((entry) => sums[entry]!));
  }

  /** The entries of a key's products, those of the largest size first. */
  leading(key: number): number[] {
    const { query, key: keys } = this.vectors;
    return entryOrder(this.head.keySize, this.head.keySize, (entry) =>
      Math.abs(query.at(this.row.query, entry) * keys.at(key, entry)),
    );
  }

  private dot(key: number): number {
    if (this.vectors === this.head.after) return this.row.dot[key]!;
    return this.head.dot(this.vectors, this.row.query, key);
  }

  /** By entry: the sizes of a block's numbers over the keys that are seen, put together. */
  private sums(block: Block, together: (a: number, b: number) => number): Float64Array {
    const size = block === "product" ? this.head.keySize : this.head.valueSize;
    const sums = new Float64Array(size);
    for (let key = 0; key < this.head.count; key++) {
      if (Number.isNaN(this.row.score[key]!)) continue;
      for (let entry = 0; entry < size; entry++) {
        const value = Math.abs(this.value({ key, block, entry }));
        sums[entry] = together(sums[entry]!, value);
      }
    }
    return sums;
  }

  private once(part: string, make: () => number): number {
    let end = this.known.get(part);
    if (end === undefined) this.known.set(part, (end = make()));
    return end;
  }
}

function plus(a: number, b: number): number {
  return a + b;
}

function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most || 1;
}
