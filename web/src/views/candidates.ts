import { card, place, sentence } from "../parts/card";
import { candidateTable, type Candidate, type CandidateRow } from "../parts/candidates";
import { Choices } from "../parts/choices";
import { foldedTable } from "../parts/datatable";
import { chip, element } from "../parts/dom";
import { percent, quantity } from "../parts/format";
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
    .map((layer, row) => ({ layer, candidates: rowOf(spec, row), other: header.float32[row] }))
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
  const bold = element("p", { class: "hint" }, "In bold: the final layer's top token.");
  const body = [where, sentence(header.sentence), box, bold, tableOf(header.k, rows)];
  const picture = card(header.heading, header.about, [], ...body);
  return { cards: [wide(picture)], dispose: () => choices.dispose() };
});

/** Every candidate with its probability and its logit. */
function tableOf(k: number, rows: readonly CandidateRow[]): HTMLElement {
  const checked = rows.some(({ other }) => other);
  const heads = [
    "layer",
    ...(checked ? ["in float32"] : []),
    ...Array.from({ length: k }, (_, j) => String(j + 1)),
  ];
  const lines = rows.map(({ layer, candidates, other }) => {
    const float32 = checked ? [element("td", {}, other ? chip(other) : "same")] : [];
    const cells = candidates.map(({ label, probability, logit }) =>
      element(
        "td",
        { class: "is-number" },
        chip(label),
        ` ${percent(probability)}, logit ${quantity(logit)}`,
      ),
    );
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, layerName(layer)),
      ...float32,
      ...cells,
    );
  });
  return foldedTable("Probability and logit of every candidate", heads, lines);
}

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
