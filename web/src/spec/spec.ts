/** A Spec as the page holds it: one picture's header and its arrays. Twin of view/spec.py. */

/** The version of the envelope this page reads. */
export const VERSION = 1;

/** Why a Spec can't be shown, in words for the reader of the page. */
export class SpecError extends Error {
  override name = "SpecError";
}

export type Numbers = Float32Array | Int32Array | Uint8Array | Uint16Array;

/** An array with its shape; `at(i, j, ...)` reads one entry in row-major order. */
export class Grid {
  constructor(
    readonly data: Numbers,
    readonly shape: readonly number[],
  ) {}

  at(...index: number[]): number {
    let flat = 0;
    for (let axis = 0; axis < this.shape.length; axis++) {
      flat = flat * this.shape[axis]! + (index[axis] ?? 0);
    }
    return this.data[flat] ?? NaN;
  }
}

/** What every header has. `sentence` is a list of [style, text]: "", "b", "out", "in". */
export interface Header {
  readonly title: string;
  readonly heading: string;
  readonly about: string;
  readonly sentence: readonly (readonly [string, string])[];
  readonly provenance: readonly (readonly [string, string])[];
  readonly notes: readonly string[];
  /** Whether the model says the token at a position itself, and not the one after it. */
  readonly masked?: boolean;
}

export interface Spec<H extends Header = Header> {
  readonly kind: string;
  readonly header: H;
  readonly arrays: Readonly<Record<string, Grid>>;
  /** The large arrays, which are not unpacked until a row of them is looked at. */
  readonly later?: Readonly<Record<string, Rows>>;
}

/** An array of which a row (an entry of its first axis) is had by asking. */
export interface Rows {
  readonly shape: readonly number[];
  read(row: number): Promise<Grid>;
}

/** An array of a Spec by its name; a missing one is an error that names it. */
export function arrayOf(spec: Spec, name: string): Grid {
  const grid = spec.arrays[name];
  if (!grid) throw new SpecError(`This picture has no numbers called "${name}".`);
  return grid;
}

/** Several arrays by their names. */
export type Arrays<N extends readonly string[]> = Readonly<Record<N[number], Grid>>;

/** Several arrays of a Spec by their names; a missing one is an error that names it. */
export function arraysOf<N extends readonly string[]>(spec: Spec, names: N): Arrays<N> {
  return Object.fromEntries(names.map((name) => [name, arrayOf(spec, name)])) as Arrays<N>;
}

/** The rows of a large array by its name; a missing one is an error that names it. */
export function rowsOf(spec: Spec, name: string): Rows {
  const rows = spec.later?.[name];
  if (!rows) throw new SpecError(`This picture has no rows called "${name}".`);
  return rows;
}

/** One row of a large array, unpacked now or remembered; its shape lacks the first axis. */
export async function later(spec: Spec, name: string, row: number): Promise<Grid> {
  return rowsOf(spec, name).read(row);
}
