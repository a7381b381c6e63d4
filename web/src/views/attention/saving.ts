import type { Cell } from "../../parts/savepicture";
import type { AttentionHeader } from "../../spec/headers";
import { holds, type Block } from "./blocks";
import type { HeadAt } from "./heads";
import { drawn, type Strand } from "./strands";
import { rowOf, type Token } from "./tokens";
import type { HeadWeights } from "./weights";

const LONGEST = 200;

/** Which model and text a picture is of, for the file that it is saved in. */
export function origin(header: AttentionHeader): string[] {
  return header.provenance
    .filter(([name]) => name === "model" || name === "prompt")
    .map(([name, value]) => `${name}: ${cut(value)}`);
}

function cut(text: string): string {
  const characters = Array.from(text);
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST).join("")}…` : text;
}

/** A head whose numbers are saved; `strand` where only what is drawn as lines is. */
export interface SavedHead {
  readonly at: HeadAt;
  readonly weights: HeadWeights;
  readonly strand: Strand | null;
}

/** What a picture shows as rows of numbers: every weight that is drawn, with its tokens. */
export function* weightRows(
  header: AttentionHeader,
  heads: readonly SavedHead[],
  block: Block,
  focus: readonly Token[] | null,
): Generator<Cell[]> {
  const unit = heads[0]?.weights.units
    ? [`${header.weighting.name} (${header.weighting.unit})`]
    : [];
  yield [
    ...["layer", "head", "query", "query_token", "key", "key_token"],
    ...[unit.length ? "share" : "weight", ...unit, "pinned"],
  ];
  for (const head of heads) yield* rowsOf(header, head, block, focus ?? []);
}

function* rowsOf(
  header: AttentionHeader,
  { at, weights, strand }: SavedHead,
  block: Block,
  focus: readonly Token[],
): Generator<Cell[]> {
  const { layers, heads, aggregate, positions, inputs } = header;
  const keys = rowOf(header, "key");
  const name = [layers[at.layer]!, aggregate ?? heads[at.head]!];
  for (let query = 0; query < weights.size; query++) {
    for (let key = 0; key < weights.reach(query); key++) {
      if (!(strand ? drawn(strand, block, query, key) : holds(block, query, key))) continue;
      const weight = weights.at(query, key);
      const pinned = focus.some(({ side, at }) => at === (side === "query" ? query : key));
      const own = weights.units ? [weight * weights.units[query]!] : [];
      yield [
        ...[...name, positions[query]!, inputs[query]!, keys.positions[key]!, keys.inputs[key]!],
        ...[weight, ...own, pinned ? "yes" : "no"],
      ];
    }
  }
}
