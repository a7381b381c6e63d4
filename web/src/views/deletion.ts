import { tableBox } from "../parts/candidates";
import { card, provenance, sentence } from "../parts/card";
import { chip, element } from "../parts/dom";
import { percent, quantity } from "../parts/format";
import { LineChart, type Chart } from "../parts/lines";
import { masthead } from "../parts/masthead";
import { TokenStrip } from "../parts/strip";
import type { DeletionHeader } from "../spec/headers";
import { arrayOf, type Grid, type Spec } from "../spec/spec";
import type { Host, View } from "./host";

/** The deletion curve: probability as tokens are taken out, in the explanation's order and others. */
export const deletionView: View = (anySpec, root, host) => {
  const spec = anySpec as Spec<DeletionHeader>;
  const page = new DeletionPage(spec, host);
  root.append(masthead(spec.header, host.theme), page.element);
  const stop = host.theme.subscribe(() => page.recolour());
  return () => {
    stop();
    root.replaceChildren();
  };
};

class DeletionPage {
  readonly element: HTMLElement;
  private readonly probability: Grid;
  private readonly chartBox = element("div", { class: "chart-box" });
  private readonly panel = element("section", { class: "card readout", "aria-live": "polite" });
  private readonly strip: TokenStrip;
  private chart: LineChart | null = null;
  /** The chosen step: an index of the header's counts. */
  private step = 0;

  constructor(
    private readonly spec: Spec<DeletionHeader>,
    private readonly host: Host,
  ) {
    const { header } = spec;
    this.probability = arrayOf(spec, "probability");
    const chips = header.inputs.map((label, i) => ({
      label,
      tint: null,
      note: "",
      produced: header.produced[i]!,
      role: header.roles[i]!,
    }));
    const toPlace = (index: number): void => this.choose(this.stepOf(header.place[index]!));
    this.strip = new TokenStrip("The tokens, those taken out struck", chips, {
      hover: () => {},
      choose: toPlace,
      move: toPlace,
      release: () => {},
    });
    this.element = this.arrange();
    this.recolour();
  }

  recolour(): void {
    const handlers = { step: (index: number) => this.choose(index) };
    const focused = this.chartBox.contains(document.activeElement);
    this.chart = new LineChart(this.model(), this.host.theme.scheme, handlers);
    this.chartBox.replaceChildren(this.chart.element);
    if (focused) this.chart.element.focus();
    this.show();
  }

  private arrange(): HTMLElement {
    const { header } = this.spec;
    const curve = card(header.heading, header.about, [], this.chartBox, sentence(header.sentence));
    const text = card(
      "What goes first",
      "The number under a token is its place in the order; faded tokens are gone at the chosen step.",
      [],
      this.strip.element,
      element(
        "p",
        { class: "hint" },
        `Mean fall: the drop in probability, averaged over all steps.`,
      ),
      tableBox("Probability after each step", this.table()),
    );
    text.classList.add("is-wide");
    return element("main", { class: "board" }, curve, this.panel, text, provenance(header));
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

  private choose(step: number): void {
    this.step = step;
    this.show();
  }

  /** The first step at which the token of that place is gone. */
  private stepOf(place: number): number {
    return this.spec.header.counts.findIndex((count) => count >= place);
  }

  private show(): void {
    const { header } = this.spec;
    const count = header.counts[this.step]!;
    this.chart?.choose(this.step);
    const gone = header.place.map((place) => place <= count);
    this.strip.repaint(
      gone.map((out) => (out ? "var(--void)" : null)),
      header.place.map((place, i) => `${place}${gone[i] ? " gone" : ""}`),
    );
    const last = header.place.indexOf(Math.max(1, count));
    this.strip.mark({ chosen: last, follows: -1, hover: -1 });
    this.panel.replaceChildren(...this.readout(count));
  }

  private readout(count: number): HTMLElement[] {
    const { header } = this.spec;
    const lines = header.run_words.map((words, run) => {
      const share = percent(this.probability.at(run, this.step));
      const amount = element("span", { class: "amount" }, share);
      return element("div", { class: "share-line" }, element("span", {}, words), amount);
    });
    const [low, high] = ["low", "high"].map((name) => arrayOf(this.spec, name).at(this.step));
    const interval = `random, 95 % interval: ${percent(low!)} to ${percent(high!)}`;
    return [
      element("h2", {}, chip(header.explained, "out"), ` with ${count} tokens gone`),
      ...lines,
      element("p", { class: "hint" }, interval),
      element("p", { class: "hint" }, "← → in the chart choose a step."),
    ];
  }

  private table(): HTMLTableElement {
    const { header } = this.spec;
    const heads = ["order", ...header.counts.map((count) => `${count} gone`), "mean fall"];
    const rows = header.run_words.map((words, run) => {
      const cells = header.counts.map((_, k) => percent(this.probability.at(run, k)));
      const all = [...cells, quantity(header.fall[run]!)].map((cell) => element("td", {}, cell));
      return element("tr", {}, element("th", { scope: "row" }, words), ...all);
    });
    return element(
      "table",
      { class: "datatable" },
      element("caption", { class: "visually-hidden" }, "Probability after each step"),
      element(
        "thead",
        {},
        element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head))),
      ),
      element("tbody", {}, ...rows),
    );
  }
}
