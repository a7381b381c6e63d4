import { card, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { dataTable } from "../parts/datatable";
import { element } from "../parts/dom";
import { percent, rank as whole } from "../parts/format";
import type { Place } from "../parts/geometry";
import { HeatGrid } from "../parts/heatgrid";
import { bareEdge, readEdge, type GridModel } from "../parts/heatmodel";
import { hue } from "../parts/hues";
import { rampLegend } from "../parts/legend";
import { neuronLabel } from "../parts/neuronlabel";
import { paintOf } from "../parts/ramp";
import { positionLink } from "../parts/selection";
import { sparkline } from "../parts/sparkline";
import type { Scheme } from "../parts/theme";
import type { ClustersHeader } from "../spec/headers";
import { arrayOf, type Grid, type Spec } from "../spec/spec";
import { pageView, wide } from "./page";

/** Rows without text can be low; more tokens than these are drawn narrow, without their words. */
const LOW = 3;
const FEW = 24;

/** Clusters: firing patterns as rows, cluster by cluster, and each cluster's size and centre. */
export const clustersView = pageView<ClustersHeader>((spec, host) => {
  const { header } = spec;
  const model = (): GridModel => clustersModel(spec, host.theme.scheme);
  const rows = arrayOf(spec, "pattern").shape[0]!;
  const readout = element("p", { class: "about", "aria-live": "polite" });
  const table = element("div");
  const key = element("div");
  const choices = new Choices(
    { row: "0", at: "0" },
    (name, value) => isWhole(value, 0, (name === "row" ? rows : header.positions.length) - 1),
    host,
    { at: positionLink(header.positions) },
  );
  const chosen = (): Place => ({ row: choices.number("row"), col: choices.number("at") });
  const tell = ({ row, col }: Place): void => readout.replaceChildren(...words(spec, row, col));
  const choose = ({ row, col }: Place): void => choices.set({ row: String(row), at: String(col) });
  const grid = new HeatGrid(model(), {
    hover: (place) => tell(place ?? chosen()),
    choose,
    move: choose,
    release: () => {},
  });
  const show = (): void => {
    grid.select(chosen(), true);
    tell(chosen());
  };
  choices.subscribe(show);
  const recolour = (): void => {
    grid.show(model(), header.positions.length > FEW);
    grid.recolour();
    table.replaceChildren(sizes(spec, host.theme.scheme));
    const colours = [
      ["clay", "right"],
      ["teal", "right"],
    ] as const;
    const meaning = "of the neuron's largest activation; the colours take turns by cluster";
    key.replaceChildren(rampLegend(host.theme.scheme, ["0 %", "100 %"], colours, meaning));
    show();
  };
  const picture = card(
    header.heading,
    header.about,
    [],
    grid.element,
    key,
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
  const dispose = (): void => {
    grid.dispose();
    choices.dispose();
  };
  return { cards: [wide(picture), wide(numbers)], start: recolour, recolour, dispose };
});

function clustersModel(spec: Spec<ClustersHeader>, scheme: Scheme): GridModel {
  const { header } = spec;
  const [pattern, cluster] = [arrayOf(spec, "pattern"), arrayOf(spec, "cluster")];
  const excluded = new Set(header.exclude);
  const middles = middlesOf(cluster);
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
    rowLabel: (row) => (middles.has(row) ? `#${cluster.at(row)}` : ""),
    above: readEdge(header),
    below: bareEdge(header),
  };
}

/** The middle row of each cluster. */
function middlesOf(cluster: Grid): ReadonlySet<number> {
  const middles = new Set<number>();
  let first = 0;
  for (let row = 1; row <= cluster.data.length; row++) {
    if (row < cluster.data.length && cluster.at(row) === cluster.at(first)) continue;
    middles.add((first + row - 1) >> 1);
    first = row;
  }
  return middles;
}

/** The neuron of a row and what it did at a token. */
function words(spec: Spec<ClustersHeader>, row: number, col: number): (string | HTMLElement)[] {
  const layer = arrayOf(spec, "layer");
  const [cluster, pattern] = [arrayOf(spec, "cluster"), arrayOf(spec, "pattern")];
  return [
    `Cluster ${cluster.at(row)}: neuron ${neuronLabel(spec, row)} of layer ${layer.at(row)} at `,
    element("code", { dir: "ltr", class: "chip-in" }, spec.header.inputs[col]!),
    `: ${percent(pattern.at(row, col) / 255)} of its largest activation`,
  ];
}

function hint(header: ClustersHeader): HTMLElement {
  const fire = header.silent === 1 ? "neuron never fires and has" : "neurons never fire and have";
  const silent = header.silent ? ` ${whole(header.silent)} ${fire} no cluster.` : "";
  const gaps = header.exclude.length ? ` Left out: position ${header.exclude.join(", ")}.` : "";
  return element(
    "p",
    { class: "hint" },
    `At most ${header.rows_per_cluster} neurons of a cluster are drawn, evenly picked.` +
      `${silent}${gaps}`,
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
  return dataTable("Clusters in numbers", heads, rows, 2);
}
