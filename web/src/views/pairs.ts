import { tableBox } from "../parts/candidates";
import { card, provenance, sentence } from "../parts/card";
import { chip, element } from "../parts/dom";
import { percent, rank } from "../parts/format";
import { layerName } from "../parts/layers";
import { masthead } from "../parts/masthead";
import { paintOf, shareOf } from "../parts/ramp";
import type { Scheme } from "../parts/theme";
import type { PairsHeader, Quantity } from "../spec/headers";
import { arrayOf, type Spec } from "../spec/spec";
import type { View } from "./host";

/** Probes: a panel per prompt, the rank of each watched token printed in its cell. */
export const pairsView: View = (anySpec, root, host) => {
  const spec = anySpec as Spec<PairsHeader>;
  const { header } = spec;
  const panels = element("div", { class: "panels" });
  const draw = (): void =>
    panels.replaceChildren(...header.runs.map((_, run) => panelOf(spec, run, host.theme.scheme)));
  draw();
  const picture = card(header.heading, header.about, [], sentence(header.sentence), panels);
  picture.classList.add("is-wide");
  root.append(
    masthead(header, host.theme),
    element("main", { class: "board" }, picture, provenance(header)),
  );
  const stop = host.theme.subscribe(draw);
  return () => {
    stop();
    root.replaceChildren();
  };
};

/** One prompt: its text, then a table with a row per layer (final on top), a column per token. */
function panelOf(spec: Spec<PairsHeader>, run: number, scheme: Scheme): HTMLElement {
  const { header } = spec;
  const name = header.runs[run]!;
  const heads = ["layer", ...header.tokens].map((token, i) =>
    element("th", { scope: "col" }, i ? chip(token) : token),
  );
  const rows = header.layers.map((_, row) => rowOf(spec, run, row, scheme)).reverse();
  const table = element(
    "table",
    { class: "heat-table" },
    element("caption", { class: "visually-hidden" }, `Ranks after “${name}”`),
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...rows),
  );
  return element(
    "figure",
    { class: "panel" },
    element("figcaption", {}, chip(name, "in"), ` read at position ${header.at[run]!}`),
    tableBox(`Ranks after “${name}”`, table),
  );
}

function rowOf(spec: Spec<PairsHeader>, run: number, row: number, scheme: Scheme): HTMLElement {
  const { header } = spec;
  const [ranks, shares] = [arrayOf(spec, "rank"), arrayOf(spec, "probability")];
  const quantity = rankOf(header.vocabulary_size);
  const cells = header.tokens.map((token, i) => {
    const value = ranks.at(run, row, i);
    const cell = element("td", { class: value === 1 ? "is-first" : null }, rank(value));
    const paint = paintOf(quantity.ramp, scheme, shareOf(quantity, value));
    if (paint) {
      cell.style.backgroundColor = paint.fill;
      cell.style.color = paint.ink;
    }
    cell.title = `${token}: rank ${rank(value)}, ${percent(shares.at(run, row, i))}`;
    return cell;
  });
  const name = element("th", { scope: "row" }, layerName(header.layers[row]!));
  return element("tr", {}, name, ...cells);
}

function rankOf(vocabulary: number): Quantity {
  return {
    name: "rank",
    words: "Rank",
    unit: "",
    scale: "log",
    low: 1,
    high: Math.max(2, vocabulary),
    ramp: "teal",
    strong: "low",
  };
}
