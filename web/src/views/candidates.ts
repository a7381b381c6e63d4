import { card, place, sentence } from "../parts/card";
import { candidateTable, type Candidate } from "../parts/candidates";
import type { CandidatesHeader } from "../spec/headers";
import { arrayOf, type Spec } from "../spec/spec";
import { pageView, wide } from "./page";

/** The candidates of one position: a row for each layer, the final one on top. */
export const candidatesView = pageView<CandidatesHeader>((spec) => {
  const { header } = spec;
  const rows = header.layers
    .map((layer, row) => ({ layer, candidates: rowOf(spec, row) }))
    .reverse();
  const where = place(header.position, header.label, header.next);
  const picture = card(
    header.heading,
    header.about,
    [],
    where,
    sentence(header.sentence),
    candidateTable(header.heading, rows, null),
  );
  return { cards: [wide(picture)] };
});

function rowOf(spec: Spec<CandidatesHeader>, row: number): Candidate[] {
  const { k, vocabulary, next_id: next, layers } = spec.header;
  const [index, id] = [arrayOf(spec, "top_index"), arrayOf(spec, "top_id")];
  const [probability, logit] = [arrayOf(spec, "top_probability"), arrayOf(spec, "top_logit")];
  const final = id.at(layers.length - 1, 0);
  return Array.from({ length: k }, (_, j) => j)
    .filter((j) => id.at(row, j) >= 0)
    .map((j) => ({
      label: vocabulary[index.at(row, j)]!,
      probability: probability.at(row, j),
      logit: logit.at(row, j),
      isFinal: id.at(row, j) === final,
      isNext: id.at(row, j) === next,
    }));
}
