import { card, place, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { foldedTable } from "../parts/datatable";
import { chip, element } from "../parts/dom";
import { percent, rank } from "../parts/format";
import type { Place } from "../parts/geometry";
import { HeatGrid } from "../parts/heatgrid";
import { dash, hue } from "../parts/hues";
import { layerName, layerWords } from "../parts/layers";
import { legend } from "../parts/legend";
import { LineChart } from "../parts/lines";
import { picker } from "../parts/picker";
import { layerRowLink } from "../parts/selection";
import type { WatchHeader } from "../spec/headers";
import { arrayOf, type Spec } from "../spec/spec";
import type { Host } from "./host";
import { wide, type Page } from "./page";
import { placedView } from "./placed";
import { raceChart, raceModel, raceQuantity, type Race } from "./watch/race";

/** The race: chosen tokens through the layers, as a chart of lines and as a heat table. */
export const watchView = placedView<WatchHeader>(
  {
    of: ({ position }) => ({ at: position, layer: null }),
    question: ({ at }, { nested }) => (nested ? { what: "section", at } : null),
    call: ({ at }) => `ct.watch(trace, […], at=${at})`,
    follows: true,
  },
  (spec, host) => new WatchPage(spec, host),
);

class WatchPage implements Page {
  readonly cards: readonly HTMLElement[];
  private readonly choices: Choices;
  private readonly race: Race;
  private readonly grid: HeatGrid;
  private readonly chartBox = element("div", { class: "chart-box" });
  private readonly readout = element("section", { class: "card readout", "aria-live": "polite" });
  private readonly legendBox = element("div");
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
      { mode: "rank", row: String(last), token: "0" },
      (name, value) => {
        if (name === "mode") return value === "rank" || value === "probability";
        return isWhole(value, 0, name === "row" ? last : header.tokens.length - 1);
      },
      host,
      { row: layerRowLink(header.layers) },
    );
    const choose = ({ row, col }: Place): void =>
      this.choices.set({ row: String(last - row), token: String(col) });
    this.grid = new HeatGrid(this.model(), {
      hover: (at) => this.point(at && last - at.row),
      choose,
      move: choose,
      release: () => {},
    });
    this.cards = this.arrange();
    this.choices.subscribe((now, before) => {
      if (now["mode"] !== before["mode"]) this.recolour();
      this.show();
    });
  }

  start(): void {
    this.recolour();
  }

  recolour(): void {
    this.grid.show(this.model(), false);
    this.grid.recolour();
    const { scheme } = this.host.theme;
    const mode = this.choices.get("mode");
    const marks = [["is-ring", "rank 1"]] as const;
    this.legendBox.replaceChildren(legend(raceQuantity(this.race, mode), scheme, marks));
    this.chart = new LineChart(raceChart(this.race, mode), scheme, {
      hover: (row) => this.point(row),
      choose: (row) => this.choices.set({ row: String(row) }),
      line: (token) => this.choices.set({ token: String(token) }),
    });
    const focused = this.chartBox.contains(document.activeElement);
    this.chartBox.replaceChildren(this.chart.element);
    if (focused) this.chart.element.focus();
    this.show();
  }

  dispose(): void {
    this.grid.dispose();
    this.choices.dispose();
  }

  private arrange(): HTMLElement[] {
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
      "A row per layer, the final one on top; the number is what the colour shows.",
      [],
      this.grid.element,
      this.legendBox,
      tableOf(this.race),
    );
    return [race, this.readout, wide(table)];
  }

  private model() {
    return raceModel(this.race, this.choices?.get("mode") ?? "rank", this.host.theme.scheme);
  }

  /** The chosen layer and token, in the chart, the table and the readout. */
  private show(): void {
    const [row, token] = [this.choices.number("row"), this.choices.number("token")];
    this.chart?.choose(row, token);
    this.chart?.reveal(row);
    this.grid.select({ row: this.race.layers.length - 1 - row, col: token }, true);
    this.tell(row);
  }

  /** A layer under the pointer; null: back to the chosen one. */
  private point(row: number | null): void {
    const shown = row ?? this.choices.number("row");
    this.chart?.point(shown);
    this.tell(shown);
  }

  private tell(row: number): void {
    const token = this.choices.number("token");
    this.readout.replaceChildren(...readoutOf(this.race, row, token, this.host));
  }
}

/** Every token's rank and probability after one layer, best first. */
function readoutOf(race: Race, row: number, chosen: number, host: Host): HTMLElement[] {
  const order = race.tokens
    .map((_, i) => i)
    .sort((a, b) => race.rank.at(row, a) - race.rank.at(row, b));
  const lines = order.map((i) => {
    const key = element("i", { class: "key", "aria-hidden": "true" });
    key.style.borderTopColor = hue(i, host.theme.scheme);
    key.style.borderTopStyle = dash(i) ? "dashed" : "solid";
    return element(
      "div",
      { class: i === chosen ? "racer is-chosen" : "racer" },
      key,
      chip(race.tokens[i]!),
      element("span", {}, `rank ${rank(race.rank.at(row, i))}`),
      element("span", { class: "amount" }, percent(race.probability.at(row, i))),
    );
  });
  const title = element("h2", {}, capital(layerWords(race.layers[row]!)));
  const hint = element(
    "p",
    { class: "hint is-keys" },
    "Hover a layer, click to choose. Arrow keys: ← → layers and ↑ ↓ tokens in the chart, the other way round in the table.",
  );
  return [title, ...lines, hint];
}

function tableOf(race: Race): HTMLElement {
  const heads = ["layer", ...race.tokens.map((token) => chip(token))];
  const rows = race.layers.map((layer, row) => {
    const cells = race.tokens.map((_, i) =>
      element("td", { class: "is-number" }, cellWords(race.rank, race.probability, row, i)),
    );
    return element("tr", {}, element("th", { scope: "row" }, layerName(layer)), ...cells);
  });
  return foldedTable("Rank and probability after each layer", heads, rows.reverse());
}

function cellWords(ranks: Race["rank"], shares: Race["rank"], row: number, i: number): string {
  return `rank ${rank(ranks.at(row, i))}, ${percent(shares.at(row, i))}`;
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
