import { percent, quantity } from "../../parts/format";
import { headCode, headFound, headName, type HeadAt } from "../../parts/headcode";
import type { AttentionHeader } from "../../spec/headers";
import { arrayOf, type Grid, type Spec } from "../../spec/spec";
import { told } from "./weights";

export { sameHead, type HeadAt } from "../../parts/headcode";

const AGGREGATES = { mean: "mean of its heads", max: "most of its heads", rollout: "rollout" };

/** Every head of the model: its figures, its name, its group. */
export class Heads {
  readonly header: AttentionHeader;
  private readonly figures: Grid;
  private readonly fulls = new Map<boolean, number>();

  constructor(readonly spec: Spec<AttentionHeader>) {
    this.header = spec.header;
    this.figures = arrayOf(spec, "figures");
  }

  get count(): number {
    return this.header.layers.length * this.header.heads.length;
  }

  /** Layer by layer, or by a figure with the largest first; undefined ones come last. */
  order(sort: string): HeadAt[] {
    const { layers, heads } = this.header;
    const all = layers.flatMap((_, layer) => heads.map((_, head) => ({ layer, head })));
    const f = this.figureNamed(sort);
    if (f < 0) return all;
    const score = (at: HeadAt): number => {
      const value = this.figure(f, at);
      return Number.isNaN(value) ? -Infinity : value;
    };
    return all.sort((a, b) => score(b) - score(a) || 0);
  }

  /** The number of a figure in the header; -1 where there is none of that name. */
  figureNamed(name: string): number {
    return this.header.figures.findIndex((figure) => figure.name === name);
  }

  figure(f: number, at: HeadAt): number {
    return this.figures.at(f, at.layer, at.head);
  }

  /** The least and the largest value of a figure; heads without one are left out. */
  range(f: number): readonly [number, number] {
    const values = this.order("").map((at) => this.figure(f, at));
    const defined = values.filter((value) => !Number.isNaN(value));
    return [Math.min(...defined), Math.max(...defined)];
  }

  /** The weight that has the strongest shade: the largest of any head, as thumbnails keep it. */
  full(hidesFirst: boolean): number {
    let full = this.fulls.get(hidesFirst);
    if (full === undefined) {
      const { data } = this.thumbnails(hidesFirst);
      let most = 0;
      for (const level of data) most = Math.max(most, level);
      full = (most / 255) ** 2 || 1;
      this.fulls.set(hidesFirst, full);
    }
    return full;
  }

  thumbnails(hidesFirst: boolean): Grid {
    return arrayOf(this.spec, hidesFirst ? "thumbnails_rest" : "thumbnails");
  }

  /** How cells are shaded, in words. */
  shading(hidesFirst: boolean): string {
    const full = this.full(hidesFirst);
    const most = full < 0.995 ? `, in full at ${told(full)}, the largest of any head` : "";
    return `the square root of the weight${most}`;
  }

  /** A value of a figure in words: a share as a percentage, else with its unit. */
  words(f: number, value: number): string {
    const { unit } = this.header.figures[f]!;
    return unit === "1" ? percent(value) : quantity(value, unit);
  }

  told(f: number, at: HeadAt): string {
    return this.words(f, this.figure(f, at));
  }

  name(at: HeadAt): string {
    const { layers, aggregate } = this.header;
    if (!aggregate) return headName(this.header, at);
    return `Layer ${layers[at.layer]!}, ${AGGREGATES[aggregate]}`;
  }

  /** Which heads share its keys and values; "" where each has its own. */
  group(at: HeadAt): string {
    const { groups, heads, aggregate } = this.header;
    const group = groups[at.head]!;
    const members = heads.filter((_, head) => groups[head] === group);
    if (aggregate || (!this.grouped && group === heads[at.head])) return "";
    return `key-value group ${group}` + (members.length > 1 ? `, heads ${members.join(", ")}` : "");
  }

  /** Whether some heads share their keys and values. */
  get grouped(): boolean {
    return new Set(this.header.groups).size < this.header.heads.length;
  }

  /** As it stands in the address: the numbers of layer and head, such as "9.2". */
  code(at: HeadAt): string {
    return headCode(this.header, at);
  }

  /** Back from the address; null for a head that is not there. */
  find(code: string): HeadAt | null {
    return headFound(this.header, code);
  }
}
