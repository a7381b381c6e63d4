import { tableBox } from "../parts/candidates";
import { card, place, provenance, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { chip, element } from "../parts/dom";
import { percent, rank } from "../parts/format";
import { HeatGrid } from "../parts/heatgrid";
import { dash, hue } from "../parts/hues";
import { layerName, layerWords } from "../parts/layers";
import { LineChart } from "../parts/lines";
import { masthead } from "../parts/masthead";
import { picker } from "../parts/picker";
import type { WatchHeader } from "../spec/headers";
import { arrayOf, type Spec } from "../spec/spec";
import type { Host, View } from "./host";
import { raceChart, raceModel, type Race } from "./watch/race";

/** The race: chosen tokens through the layers, as a chart of lines and as a heat table. */
export const watchView: View = (anySpec, root, host) => {
  const spec = anySpec as Spec<WatchHeader>;
  const page = new WatchPage(spec, host);
  root.append(masthead(spec.header, host.theme), page.element);
  const stop = host.theme.subscribe(() => page.recolour());
  return () => {
    stop();
    page.dispose();
    root.replaceChildren();
  };
};

class WatchPage {
  readonly element: HTMLElement;
  private readonly choices: Choices;
  private readonly race: Race;
  private readonly grid: HeatGrid;
  private readonly chartBox = element("div", { class: "chart-box" });
  private readonly readout = element("section", { class: "card readout", "aria-live": "polite" });
  private chart: LineChart | null = null;

  constructor(
    private readonly spec: Spec<WatchHeader>,
    private readonly host: Host,
  ) {
    const { header } = spec;
    this.race = {
      layers: header.layers,
      tokens: header.tokens,
      rank: arrayOf(spec, "rank"),
      probability: arrayOf(spec, "probability"),
      vocabulary: header.vocabulary_size,
    };
    const last = header.layers.length - 1;
    this.choices = new Choices(
      { mode: "rank", row: String(last) },
      (name, value) =>
        name === "mode" ? value === "rank" || value === "probability" : isWhole(value, 0, last),
      host.address,
    );
    this.grid = new HeatGrid(this.model(), {
      hover: (at) => at && this.choose(last - at.row),
      choose: (at) => this.choose(last - at.row),
      move: (at) => this.choose(last - at.row),
      release: () => {},
    });
    this.element = this.arrange();
    this.choices.subscribe((now, before) => {
      if (now["mode"] !== before["mode"]) this.recolour();
      this.point();
    });
    this.recolour();
  }

  recolour(): void {
    this.grid.show(this.model(), false);
    this.grid.recolour();
    const chart = raceChart(this.race, this.choices.get("mode"));
    this.chart = new LineChart(chart, this.host.theme.scheme, { step: (row) => this.choose(row) });
    const focused = this.chartBox.contains(document.activeElement);
    this.chartBox.replaceChildren(this.chart.element);
    if (focused) this.chart.element.focus();
    this.point();
  }

  dispose(): void {
    this.grid.dispose();
    this.choices.dispose();
  }

  private arrange(): HTMLElement {
    const { header } = this.spec;
    const mode = picker(this.choices, "mode", "Show", [
      ["rank", "rank"],
      ["probability", "probability"],
    ]);
    const where = place(header.position, header.read, header.came);
    const race = card(
      header.heading,
      header.about,
      [mode],
      where,
      this.chartBox,
      sentence(header.sentence),
    );
    const table = card(
      "After each layer",
      "A row per layer, the final one on top; the number is what the colour shows. Ringed: rank 1.",
      [],
      this.grid.element,
      dataTable(this.race),
    );
    table.classList.add("is-wide");
    return element("main", { class: "board" }, race, this.readout, table, provenance(header));
  }

  private model() {
    return raceModel(this.race, this.choices?.get("mode") ?? "rank", this.host.theme.scheme);
  }

  private choose(row: number): void {
    this.choices.set({ row: String(row) });
  }

  private point(): void {
    const row = this.choices.number("row");
    this.chart?.choose(row);
    this.grid.select({ row: this.race.layers.length - 1 - row, col: 0 }, true);
    this.readout.replaceChildren(...readoutOf(this.race, row, this.host));
  }
}

/** Every token's rank and probability after one layer, best first. */
function readoutOf(race: Race, row: number, host: Host): HTMLElement[] {
  const order = race.tokens
    .map((_, i) => i)
    .sort((a, b) => race.rank.at(row, a) - race.rank.at(row, b));
  const lines = order.map((i) => {
    const key = element("i", { class: "key", "aria-hidden": "true" });
    key.style.borderTopColor = hue(i, host.theme.scheme);
    key.style.borderTopStyle = dash(i) ? "dashed" : "solid";
    return element(
      "div",
      { class: "racer" },
      key,
      chip(race.tokens[i]!),
      element("span", {}, `rank ${rank(race.rank.at(row, i))}`),
      element("span", { class: "amount" }, percent(race.probability.at(row, i))),
    );
  });
  const title = element("h2", {}, capital(layerWords(race.layers[row]!)));
  const hint = element("p", { class: "hint" }, "Hover, or ← → in the chart and ↑ ↓ in the table.");
  return [title, ...lines, hint];
}

function dataTable(race: Race): HTMLElement {
  const heads = ["layer", ...race.tokens].map((name, i) =>
    element("th", { scope: "col" }, i ? chip(name) : name),
  );
  const rows = race.layers.map((layer, row) => {
    const cells = race.tokens.map((_, i) =>
      element("td", {}, cellWords(race.rank, race.probability, row, i)),
    );
    return element("tr", {}, element("th", { scope: "row" }, layerName(layer)), ...cells);
  });
  const table = element(
    "table",
    { class: "datatable" },
    element("caption", { class: "visually-hidden" }, "Rank and probability after each layer"),
    element("thead", {}, element("tr", {}, ...heads)),
    element("tbody", {}, ...rows.reverse()),
  );
  const details = element("details", {}, element("summary", {}, "Read as a table"));
  details.append(tableBox("Rank and probability after each layer", table));
  return details;
}

function cellWords(ranks: Race["rank"], shares: Race["rank"], row: number, i: number): string {
  return `rank ${rank(ranks.at(row, i))}, ${percent(shares.at(row, i))}`;
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
