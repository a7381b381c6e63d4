import { Grid, SpecError, type Rows } from "./spec";

/** The bytes of one chunk of an array: `index` counts the chunks of that array from 0. */
export type Chunk = (name: string, index: number) => Promise<Uint8Array>;

/** How many chunks of an array are kept unpacked: the one looked at last stays longest. */
const KEPT = 32;

/** A large array that lies in chunks of `each` rows; `grid` reads a chunk as rows of its shape. */
export class ChunkedRows implements Rows {
  private readonly kept = new Map<number, Promise<Grid>>();

  constructor(
    private readonly name: string,
    readonly shape: readonly number[],
    private readonly each: number,
    private readonly grid: (bytes: Uint8Array, shape: readonly number[]) => Grid,
    private readonly chunk: Chunk,
  ) {}

  async read(row: number): Promise<Grid> {
    const [count, ...rest] = this.shape as [number, ...number[]];
    if (!Number.isInteger(row) || row < 0 || row >= count) {
      throw new SpecError(`The array "${this.name}" has no row ${row}; it has ${count}.`);
    }
    const { data } = await this.unpacked(Math.floor(row / this.each), count, rest);
    const size = rest.reduce((product, length) => product * length, 1);
    const start = (row % this.each) * size;
    return new Grid(data.subarray(start, start + size), rest);
  }

  private unpacked(index: number, count: number, rest: readonly number[]): Promise<Grid> {
    const rows = Math.min(this.each, count - index * this.each);
    const found = this.kept.get(index) ?? this.fetched(index, [rows, ...rest]);
    this.kept.delete(index);
    this.kept.set(index, found);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value!);
    return found;
  }

  /** What failed is not kept: it may be asked for again. */
  private fetched(index: number, shape: readonly number[]): Promise<Grid> {
    const found = this.chunk(this.name, index).then((bytes) => this.grid(bytes, shape));
    found.catch(() => this.kept.delete(index));
    return found;
  }
}
