/** A head by its rows in the arrays, not by the numbers of its layer and itself. */
export interface HeadAt {
  readonly layer: number;
  readonly head: number;
}

/** The numbers of the layers and heads that the rows are of. */
interface Rows {
  readonly layers: readonly number[];
  readonly heads: readonly number[];
}

export function sameHead(a: HeadAt, b: HeadAt): boolean {
  return a.layer === b.layer && a.head === b.head;
}

export function headName({ layers, heads }: Rows, at: HeadAt): string {
  return `Layer ${layers[at.layer]!}, head ${heads[at.head]!}`;
}

/** As it stands in the address: the numbers of layer and head, such as "9.2". */
export function headCode({ layers, heads }: Rows, at: HeadAt): string {
  return `${layers[at.layer]!}.${heads[at.head]!}`;
}

/** Back from the address; null for a head that is not there. */
export function headFound({ layers, heads }: Rows, code: string): HeadAt | null {
  const found = /^(\d{1,5})\.(\d{1,5})$/.exec(code);
  if (!found) return null;
  const layer = layers.indexOf(Number(found[1]));
  const head = heads.indexOf(Number(found[2]));
  return layer < 0 || head < 0 ? null : { layer, head };
}
