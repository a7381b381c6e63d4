import { card, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { dataTable } from "../parts/datatable";
import { chip, element } from "../parts/dom";
import { percent, quantity } from "../parts/format";
import { LineChart, type Chart } from "../parts/lines";
import { chipsOf, TokenStrip } from "../parts/strip";
import type { DeletionHeader, TokenRow } from "../spec/headers";
import { arrayOf, type Grid, type Spec } from "../spec/spec";
import type { Host } from "./host";
import { pageView, wide, type Page } from "./page";

/** The deletion curve: probability as tokens are taken out, in the explanation's order and others. */
export const deletionView = pageView<DeletionHeader>((spec, host) => new DeletionPage(spec, host));

/** A row of tokens, and the place of each in the order in which they go. */
interface Row {
  readonly strip: TokenStrip;
  readonly places: readonly number[];
}

class DeletionPage implements Page {
  readonly cards: readonly HTMLElement[];
  /** The chosen step: an index of the header's counts. */
  private readonly choices: Choices;
  private readonly probability: Grid;
  private readonly chartBox = element("div", { class: "chart-box" });
  private readonly panel = element("section", { class: "card readout", "aria-live": "polite" });
  /** The text's tokens, before them those of a source, each with its places in the order. */
  private readonly texts: readonly Row[];
  private chart: LineChart | null = null;

  constructor(
    private readonly spec: Spec<DeletionHeader>,
    private readonly host: Host,
  ) {
    const { header } = spec;
    this.probability = arrayOf(spec, "probability");
    const last = header.counts.length - 1;
    const allowed = (_: string, value: string): boolean => isWhole(value, 0, last);
    this.choices = new Choices({ step: "0" }, allowed, host);
    const { source } = header;
    this.texts = source
      ? [this.text("The source's tokens", source), this.text("The target's tokens", header)]
      : [this.text("The tokens", header)];
    this.cards = this.arrange();
    this.choices.subscribe(() => this.shown());
  }

  start(): void {
    this.recolour();
  }

  recolour(): void {
    const focused = this.chartBox.contains(document.activeElement);
    this.chart = new LineChart(this.model(), this.host.theme.scheme, {
      hover: (step) => this.show(step ?? this.step()),
      choose: (step) => this.choose(step),
    });
    this.chartBox.replaceChildren(this.chart.element);
    if (focused) this.chart.element.focus();
    this.shown();
  }

  dispose(): void {
    this.choices.dispose();
  }

  private arrange(): HTMLElement[] {
    const { header } = this.spec;
    const curve = card(header.heading, header.about, [], this.chartBox, sentence(header.sentence));
    const text = card(
      "What goes first",
      "The number under a token is its place in the order; grey ones, marked gone, are taken out at the chosen step.",
      [],
      ...this.named(),
      this.table(),
      element(
        "p",
        { class: "hint" },
        "Mean fall: the drop in probability, averaged over all steps.",
      ),
    );
    return [curve, this.panel, wide(text)];
  }

  private text(name: string, row: TokenRow & { readonly place: readonly number[] }): Row {
    const toPlace = (index: number): void => this.choose(this.stepOf(row.place[index]!));
    const strip = new TokenStrip(`${name}, those taken out marked`, chipsOf(row), {
      hover: () => {},
      choose: toPlace,
      move: toPlace,
      release: () => {},
    });
    return { strip, places: row.place };
  }

  /** The strips, each under its name where there are two texts. */
  private named(): HTMLElement[] {
    const elements = this.texts.map(({ strip }) => strip.element);
    if (elements.length < 2) return elements;
    const names = ["source", "target"];
    return elements.flatMap((strip, i) => [
      element("p", { class: "strip-name" }, names[i]!),
      strip,
    ]);
  }

  private model(): Chart {
    const { header } = this.spec;
    const top = Math.max(...this.probability.data, 1e-6);
    return {
      label: `Probability of ${header.explained} as tokens are taken out`,
      axis: "tokens gone",
      steps: header.counts.map(String),
      lines: header.run_words.map((label, run) => ({
        label,
        values: header.counts.map((_, k) => this.probability.at(run, k)),
      })),
      place: (value) => value / top,
      ticks: [0, top / 2, top],
      tick: percent,
    };
  }

  private step(): number {
    return this.choices.number("step");
  }

  private choose(step: number): void {
    this.choices.set({ step: String(step) });
  }

  /** The first step at which the token of that place is gone. */
  private stepOf(place: number): number {
    return this.spec.header.counts.findIndex((count) => count >= place);
  }

  /** The chosen step, and the part of the chart that it stands in. */
  private shown(): void {
    this.show(this.step());
    this.chart?.reveal(this.step());
  }

  private show(step: number): void {
    const { header } = this.spec;
    const count = header.counts[step]!;
    this.chart?.choose(this.step());
    this.chart?.point(step);
    for (const { strip, places } of this.texts) {
      const gone = places.map((place) => place <= count);
      strip.repaint(
        gone.map((out) => (out ? "var(--line)" : null)),
        places.map((place, i) => `${place}${gone[i] ? " gone" : ""}`),
      );
      strip.mark({ chosen: lastGone(places, count), follows: -1, hover: -1 });
    }
    this.panel.replaceChildren(...this.readout(step));
  }

  private readout(step: number): HTMLElement[] {
    const { header } = this.spec;
    const count = header.counts[step]!;
    const gone = count === 1 ? "1 token gone" : `${count} tokens gone`;
    const lines = header.run_words.map((words, run) => {
      const share = percent(this.probability.at(run, step));
      const amount = element("span", { class: "amount" }, share);
      return element("div", { class: "share-line" }, element("span", {}, words), amount);
    });
    const [low, high] = ["low", "high"].map((name) => arrayOf(this.spec, name).at(step));
    const interval = `random, 95 % interval: ${percent(low!)} to ${percent(high!)}`;
    return [
      element("h2", {}, chip(header.explained, "out"), ` with ${gone}`),
      ...lines,
      element("p", { class: "hint" }, interval),
      element(
        "p",
        { class: "hint is-keys" },
        "Hover a step, click or ← → in the chart to choose one.",
      ),
    ];
  }

  private table(): HTMLElement {
    const { header } = this.spec;
    const heads = ["order", ...header.counts.map((count) => `${count} gone`), "mean fall"];
    const rows = header.run_words.map((words, run) => {
      const cells = header.counts.map((_, k) => percent(this.probability.at(run, k)));
      const all = [...cells, quantity(header.fall[run]!)].map((cell) =>
        element("td", { class: "is-number" }, cell),
      );
      return element("tr", {}, element("th", { scope: "row" }, words), ...all);
    });
    return dataTable("Probability after each step", heads, rows);
  }
}

/** The token of a text that went last, or before any is gone the one that goes first. */
function lastGone(places: readonly number[], count: number): number {
  const gone = places.filter((place) => place <= count);
  return places.indexOf(gone.length ? Math.max(...gone) : Math.min(...places));
}
