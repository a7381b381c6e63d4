import { tableBox } from "../parts/candidates";
import { card, sentence } from "../parts/card";
import { foldedTable } from "../parts/datatable";
import { chip, element } from "../parts/dom";
import { percent, rank } from "../parts/format";
import { layerName } from "../parts/layers";
import { legend } from "../parts/legend";
import { paintOf, shareOf } from "../parts/ramp";
import type { Scheme } from "../parts/theme";
import type { PairsHeader, Quantity } from "../spec/headers";
import { arrayOf, type Spec } from "../spec/spec";
import { pageView, wide } from "./page";

/** Probes: a panel per prompt, the rank of each watched token printed in its cell. */
export const pairsView = pageView<PairsHeader>((spec, host) => {
  const { header } = spec;
  const panels = element("div", { class: "panels" });
  const key = element("div");
  const draw = (): void => {
    const { scheme } = host.theme;
    panels.replaceChildren(...header.runs.map((_, run) => panelOf(spec, run, scheme)));
    const marks = [["is-ring", "rank 1"]] as const;
    key.replaceChildren(legend(rankOf(header.vocabulary_size), scheme, marks));
  };
  draw();
  const picture = card(
    header.heading,
    header.about,
    [],
    sentence(header.sentence),
    panels,
    key,
    tableOf(spec),
  );
  return { cards: [wide(picture)], recolour: draw };
});

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

/** Rank and probability of every cell, a row for each prompt and layer. */
function tableOf(spec: Spec<PairsHeader>): HTMLElement {
  const { header } = spec;
  const [ranks, shares] = [arrayOf(spec, "rank"), arrayOf(spec, "probability")];
  const rows = header.runs.flatMap((name, run) =>
    header.layers
      .map((layer, row) => {
        const cells = header.tokens.map((_, i) =>
          element(
            "td",
            { class: "is-number" },
            `rank ${rank(ranks.at(run, row, i))}, ${percent(shares.at(run, row, i))}`,
          ),
        );
        const head = element("th", { scope: "row" }, layerName(layer));
        return element("tr", {}, head, ...cells, element("td", {}, chip(name, "in")));
      })
      .reverse(),
  );
  const heads = ["layer", ...header.tokens.map((token) => chip(token)), "prompt"];
  return foldedTable("Rank and probability after each layer", heads, rows, 1);
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
