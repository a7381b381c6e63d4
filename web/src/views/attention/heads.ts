import { quantity, percent } from "../../parts/format";
import type { AttentionHeader } from "../../spec/headers";
import { arrayOf, type Grid, type Spec } from "../../spec/spec";
import { HeadWeights } from "./weights";

/** A head by its rows in the arrays, not by the numbers of its layer and itself. */
export interface HeadAt {
  readonly layer: number;
  readonly head: number;
}

/** Every head of the model: its figures, and its weights where the page holds them. */
export class Heads {
  readonly header: AttentionHeader;
  private readonly figures: Grid;
  private readonly place: Grid;
  private readonly levels: Grid;

  constructor(readonly spec: Spec<AttentionHeader>) {
    this.header = spec.header;
    this.figures = arrayOf(spec, "figures");
    this.place = arrayOf(spec, "place");
    this.levels = arrayOf(spec, "weights");
  }

  /** Layer by layer, or by a figure with the largest first; undefined ones come last. */
  order(sort: string): HeadAt[] {
    const { layers, heads, figures } = this.header;
    const all = layers.flatMap((_, layer) => heads.map((_, head) => ({ layer, head })));
    const f = figures.findIndex(({ name }) => name === sort);
    if (f < 0) return all;
    const score = (at: HeadAt): number => {
      const value = this.figure(f, at);
      return Number.isNaN(value) ? -Infinity : value;
    };
    return all.sort((a, b) => score(b) - score(a) || 0);
  }

  /** The weights of a head, or null where the page does not hold them. */
  weights(at: HeadAt, hideFirst: boolean): HeadWeights | null {
    const row = this.place.at(at.layer, at.head);
    if (row < 0) return null;
    const size = this.levels.shape[1]!;
    const levels = this.levels.data.subarray(row * size, (row + 1) * size) as Uint8Array;
    return new HeadWeights(levels, this.header.positions.length, this.header.causal, hideFirst);
  }

  figure(f: number, at: HeadAt): number {
    return this.figures.at(f, at.layer, at.head);
  }

  /** A figure in words: a share as a percentage, else with its unit. */
  told(f: number, at: HeadAt): string {
    const [value, unit] = [this.figure(f, at), this.header.figures[f]!.unit];
    return unit === "1" ? percent(value) : quantity(value, unit);
  }

  name(at: HeadAt): string {
    return `Layer ${this.header.layers[at.layer]!}, head ${this.header.heads[at.head]!}`;
  }

  /** Which heads share its keys and values; "" where each has its own. */
  group(at: HeadAt): string {
    const { groups, heads } = this.header;
    const group = groups[at.head]!;
    const members = heads.filter((_, head) => groups[head] === group);
    if (new Set(groups).size === heads.length && group === heads[at.head]) return "";
    return `key-value group ${group}` + (members.length > 1 ? `, heads ${members.join(", ")}` : "");
  }

  /** As it stands in the address: the numbers of layer and head, such as "9.2". */
  code(at: HeadAt): string {
    return `${this.header.layers[at.layer]!}.${this.header.heads[at.head]!}`;
  }

  /** Back from the address; null for a head that is not there. */
  find(code: string): HeadAt | null {
    const found = /^(\d{1,5})\.(\d{1,5})$/.exec(code);
    if (!found) return null;
    const layer = this.header.layers.indexOf(Number(found[1]));
    const head = this.header.heads.indexOf(Number(found[2]));
    return layer < 0 || head < 0 ? null : { layer, head };
  }
}
