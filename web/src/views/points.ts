import { card, sentence } from "../parts/card";
import { element } from "../parts/dom";
import { aligned, quantity } from "../parts/format";
import type { PointsHeader } from "../spec/embed";
import { arrayOf, type Spec } from "../spec/spec";
import { pageView, wide, type Page } from "./page";

/** Letters that the column of texts has room for at least. */
const LETTERS = 12;

/** Texts on a line: a row each, its point at its value. */
export const pointsView = pageView<PointsHeader>((spec) => new PointsPage(spec));

class PointsPage implements Page {
  readonly cards: readonly HTMLElement[];

  constructor(private readonly spec: Spec<PointsHeader>) {
    const { header } = spec;
    const body = [sentence(header.sentence), this.table()];
    this.cards = [wide(card(header.heading, header.about, [], ...body))];
  }

  private table(): HTMLElement {
    const { header } = this.spec;
    const values = arrayOf(this.spec, "value").data;
    const told = aligned(header.texts.map((_, n) => quantity(values[n]!)));
    const rows = header.texts.map((text, n) => this.row(text, values[n]!, told[n]!));
    if (header.gap !== null) rows.splice(header.gap, 0, leftOut());
    const heads = element(
      "tr",
      {},
      element("th", { scope: "col" }, "text"),
      element("th", { scope: "col" }, this.scale()),
      element("th", { scope: "col", class: "is-number" }, header.axis),
    );
    const table = element(
      "table",
      { class: "points" },
      element("caption", { class: "visually-hidden" }, header.heading),
      element("thead", {}, heads),
      element("tbody", {}, ...rows),
    );
    const longest = Math.max(...header.texts.map((text) => text.length), 0);
    table.style.setProperty("--letters", String(Math.max(LETTERS, longest)));
    return table;
  }

  /** What stands above the points: the axis' numbers, and the two ends by name. */
  private scale(): HTMLElement {
    const { ticks, ends } = this.spec.header;
    const named = (ends ?? []).map((words, value) => this.at(value, "b", words, "points-end"));
    const last = ticks.length - 1;
    const numbers = ticks.map((tick, n) => {
      const between = n > 0 && n < last && tick !== 0 && tick !== 1;
      const kind = between ? "points-tick is-between" : "points-tick";
      return this.at(tick, "span", String(tick), kind);
    });
    return element(
      "div",
      { class: ends ? "points-scale has-ends" : "points-scale" },
      ...named,
      ...numbers,
    );
  }

  private row(text: string, value: number, told: string): HTMLElement {
    const { low, ends, ticks } = this.spec.header;
    const lead = this.at(low, "i", "", "points-lead");
    lead.style.width = `${this.share(value)}%`;
    const rules = ticks.map((tick) =>
      this.at(
        tick,
        "i",
        "",
        ends && (tick === 0 || tick === 1) ? "points-rule is-end" : "points-rule",
      ),
    );
    const point = this.at(value, "i", "", "points-point");
    const axis = element(
      "div",
      { class: "points-axis", "aria-hidden": "true" },
      ...rules,
      lead,
      point,
    );
    return element(
      "tr",
      {},
      element("td", { class: "points-text", dir: "auto" }, text),
      element("td", {}, axis),
      element("td", { class: "is-number" }, told),
    );
  }

  /** Something at a value of the axis. */
  private at(value: number, tag: "b" | "i" | "span", words: string, kind: string): HTMLElement {
    const node = element(tag, { class: kind }, words);
    node.style.left = `${this.share(value)}%`;
    return node;
  }

  private share(value: number): number {
    const { low, high } = this.spec.header;
    return (100 * (value - low)) / (high - low);
  }
}

function leftOut(): HTMLElement {
  const cell = element("td", { class: "points-text", colspan: 3 }, "… those between are left out");
  return element("tr", {}, cell);
}
