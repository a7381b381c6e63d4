import { card, place, sentence } from "../parts/card";
import { candidateTable, type Candidate } from "../parts/candidates";
import { Choices } from "../parts/choices";
import { element } from "../parts/dom";
import { layerName } from "../parts/layers";
import { layerLink } from "../parts/selection";
import type { CandidatesHeader } from "../spec/headers";
import { arrayOf, type Spec } from "../spec/spec";
import { wide } from "./page";
import { placedView, type Placed } from "./placed";

const PLACED: Placed<CandidatesHeader> = {
  of: ({ position }) => ({ at: position, layer: null }),
  question: ({ at }, { nested }) => (nested ? { what: "section", at } : null),
  call: ({ at }) => `ct.predictions(trace, at=${at})`,
  follows: true,
};

/** The candidates of one position: a row for each layer, the final one on top. */
export const candidatesView = placedView<CandidatesHeader>(PLACED, (spec, host) => {
  const { header } = spec;
  const rows = header.layers
    .map((layer, row) => ({ layer, candidates: rowOf(spec, row) }))
    .reverse();
  const where = place(header.position, header.label, header.next);
  const names = header.layers.map(layerName);
  const choices = new Choices(
    { layer: "" },
    (_, value) => value === "" || names.includes(value),
    host,
    { layer: layerLink },
  );
  const box = element("div");
  const show = (): void => {
    const layer = header.layers[names.indexOf(choices.get("layer"))] ?? null;
    box.replaceChildren(candidateTable(header.heading, rows, layer));
  };
  choices.subscribe(show);
  show();
  const picture = card(header.heading, header.about, [], where, sentence(header.sentence), box);
  return { cards: [wide(picture)], dispose: () => choices.dispose() };
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
