import { tableBox } from "../parts/candidates";
import { card, provenance, sentence } from "../parts/card";
import { element } from "../parts/dom";
import { percent, rank as whole } from "../parts/format";
import { HeatGrid } from "../parts/heatgrid";
import type { GridModel } from "../parts/heatmodel";
import { hue } from "../parts/hues";
import { masthead } from "../parts/masthead";
import { paintOf } from "../parts/ramp";
import { sparkline } from "../parts/sparkline";
import type { Scheme } from "../parts/theme";
import type { ClustersHeader } from "../spec/headers";
import { arrayOf, type Spec } from "../spec/spec";
import type { View } from "./host";

/** Rows without text can be low; more tokens than these are drawn narrow, without their words. */
const LOW = 3;
const FEW = 24;

/** Clusters: firing patterns as rows, cluster by cluster, and each cluster's size and centre. */
export const clustersView: View = (anySpec, root, host) => {
  const spec = anySpec as Spec<ClustersHeader>;
  const { header } = spec;
  const readout = element("p", { class: "about", "aria-live": "polite" });
  const table = element("div");
  let chosen = { row: 0, col: 0 };
  const tell = (row: number, col: number): void =>
    readout.replaceChildren(...words(spec, row, col));
  const choose = (place: { row: number; col: number }): void => {
    chosen = place;
    grid.select(place, true);
    tell(place.row, place.col);
  };
  const grid = new HeatGrid(clustersModel(spec, host.theme.scheme), {
    hover: (place) => place && tell(place.row, place.col),
    choose,
    move: choose,
    release: () => {},
  });
  const draw = (): void => {
    grid.show(clustersModel(spec, host.theme.scheme), header.positions.length > FEW);
    grid.recolour();
    table.replaceChildren(tableBox("Clusters in numbers", sizes(spec, host.theme.scheme)));
    choose(chosen);
  };
  const picture = card(
    header.heading,
    header.about,
    [],
    grid.element,
    readout,
    hint(header),
    sentence(header.sentence),
  );
  const numbers = card(
    "How many neurons",
    "The size of each cluster and its centre along the text.",
    [],
    table,
  );
  for (const section of [picture, numbers]) section.classList.add("is-wide");
  root.append(
    masthead(header, host.theme),
    element("main", { class: "board" }, picture, numbers, provenance(header)),
  );
  draw();
  const stop = host.theme.subscribe(draw);
  return () => {
    stop();
    grid.dispose();
    root.replaceChildren();
  };
};

function clustersModel(spec: Spec<ClustersHeader>, scheme: Scheme): GridModel {
  const { header } = spec;
  const [pattern, cluster] = [arrayOf(spec, "pattern"), arrayOf(spec, "cluster")];
  const excluded = new Set(header.exclude);
  const edge = (name: string, small: boolean): GridModel["above"] => ({
    name,
    tone: "ink",
    label: (col) => header.inputs[col]!,
    small: small ? (col) => String(header.positions[col]!) : null,
    underlined: (col) => header.produced[col]!,
  });
  return {
    rows: pattern.shape[0]!,
    cols: header.positions.length,
    rowHeight: LOW,
    label: `${pattern.shape[0]!} neurons by ${header.positions.length} tokens, by cluster`,
    paint: (row, col) =>
      excluded.has(col)
        ? null
        : paintOf(cluster.at(row) % 2 ? "teal" : "clay", scheme, pattern.at(row, col) / 255),
    text: () => "",
    ringed: () => false,
    rowLabel: (row) =>
      row === 0 || cluster.at(row) !== cluster.at(row - 1) ? `#${cluster.at(row)}` : "",
    above: edge("read", true),
    below: edge("", false),
  };
}

/** The neuron of a row and what it did at a token. */
function words(spec: Spec<ClustersHeader>, row: number, col: number): (string | HTMLElement)[] {
  const [layer, neuron] = [arrayOf(spec, "layer"), arrayOf(spec, "neuron")];
  const [cluster, pattern] = [arrayOf(spec, "cluster"), arrayOf(spec, "pattern")];
  return [
    `Cluster ${cluster.at(row)}: neuron ${neuron.at(row)} of layer ${layer.at(row)} at `,
    element("code", { dir: "ltr", class: "chip-in" }, spec.header.inputs[col]!),
    `: ${percent(pattern.at(row, col) / 255)} of its largest activation`,
  ];
}

function hint(header: ClustersHeader): HTMLElement {
  const silent = header.silent
    ? ` ${whole(header.silent)} neurons never fire and have no cluster.`
    : "";
  const gaps = header.exclude.length ? ` Left out: position ${header.exclude.join(", ")}.` : "";
  return element(
    "p",
    { class: "hint" },
    `At most ${header.rows_per_cluster} neurons of a cluster are drawn, evenly picked; ` +
      `the two colours take turns from cluster to cluster.${silent}${gaps}`,
  );
}

function sizes(spec: Spec<ClustersHeader>, scheme: Scheme): HTMLElement {
  const { header } = spec;
  const centre = arrayOf(spec, "centre");
  const total = header.sizes.reduce((sum, size) => sum + size, 0);
  const rows = header.sizes.map((size, i) => {
    const values = header.positions.map((_, at) => centre.at(i, at));
    const top = Math.max(0, ...values.filter((value) => !Number.isNaN(value)));
    const peak = values.indexOf(top);
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, `#${i}`),
      element("td", { class: "is-number" }, whole(size)),
      element("td", { class: "is-number" }, percent(size / total)),
      element("td", {}, sparkline(values, top, hue(i, scheme), { width: 220 })),
      element("td", {}, element("code", { dir: "ltr" }, header.inputs[peak] ?? "–")),
    );
  });
  const heads = ["cluster", "neurons", "share", "centre along the text", "strongest at"];
  return element(
    "table",
    { class: "datatable" },
    element("caption", { class: "visually-hidden" }, "Clusters in numbers"),
    element(
      "thead",
      {},
      element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head))),
    ),
    element("tbody", {}, ...rows),
  );
}
