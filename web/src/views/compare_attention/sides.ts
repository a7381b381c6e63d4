import { element } from "../../parts/dom";
import type { CompareAttentionHeader } from "../../spec/compare";
import { Grid, later, SpecError, type Spec } from "../../spec/spec";
import type { Ask } from "../host";
import type { HeadAt, PairHeads } from "./heads";

/** Both runs' weights of a head: from the page, or asked of Python; else a SpecError, in words. */
export async function sidesOf(
  spec: Spec<CompareAttentionHeader>,
  heads: PairHeads,
  ask: Ask | null,
  at: HeadAt,
): Promise<[Grid, Grid]> {
  const place = heads.place(at);
  if (place >= 0) return Promise.all([later(spec, "first", place), later(spec, "second", place)]);
  if (!ask) throw new SpecError("This page holds no weights of this head.");
  const layer = spec.header.layers[at.layer]!;
  const both = await ask({ what: "head", layer, head: spec.header.heads[at.head]! });
  const size = both.shape[1]!;
  const side = (run: number): Grid =>
    new Grid(both.data.subarray(run * size, (run + 1) * size), [size]);
  return [side(0), side(1)];
}

/** Why a head is not shown, and the call that has it. */
export function absentNote(heads: PairHeads, at: HeadAt, words: string): HTMLElement {
  const { layers, heads: numbers } = heads.header;
  const options = `layers=[${layers[at.layer]!}], heads=[${numbers[at.head]!}]`;
  const code = `ct.compare(a, b, lens="attention", ${options})`;
  return element("p", { class: "problem" }, `${words} `, code, " has them.");
}
