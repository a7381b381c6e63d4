import { track } from "../parts/candidates";
import { card, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { chip, element } from "../parts/dom";
import { aligned, quantity } from "../parts/format";
import type { Place } from "../parts/geometry";
import { HeatGrid } from "../parts/heatgrid";
import { rampLegend } from "../parts/legend";
import type { EmbedHeader } from "../spec/embed";
import { arrayOf, type Grid, type Spec } from "../spec/spec";
import { embedModel, isOverview } from "./embed/cells";
import type { Host } from "./host";
import { pageView, wide, type Page } from "./page";

/** How many neighbours are named. */
const NEAREST = 10;

/** Which texts are alike: a cell for every two, and the nearest of the chosen one. */
export const embedView = pageView<EmbedHeader>((spec, host) => new EmbedPage(spec, host));

class EmbedPage implements Page {
  readonly cards: readonly HTMLElement[];
  private readonly similarity: Grid;
  private readonly choices: Choices;
  private readonly grid: HeatGrid;
  private readonly key = element("div");
  private readonly pair = element("p", { class: "about" });
  private readonly near = element("section", { class: "card is-wide", "aria-live": "polite" });

  constructor(
    private readonly spec: Spec<EmbedHeader>,
    private readonly host: Host,
  ) {
    this.similarity = arrayOf(spec, "similarity");
    const last = spec.header.texts.length - 1;
    const allowed = (_: string, value: string): boolean => isWhole(value, 0, last);
    this.choices = new Choices({ text: "0", other: String(Math.min(1, last)) }, allowed, host);
    const choose = ({ row, col }: Place): void =>
      this.choices.set({ text: String(row), other: String(col) });
    this.grid = new HeatGrid(this.model(), {
      hover: (place) => this.hover(place),
      choose,
      move: choose,
      release: () => {},
    });
    const { header } = spec;
    const body = [this.grid.element, this.key, this.pair, sentence(header.sentence)];
    this.cards = [wide(card(header.heading, header.about, [], ...body)), this.near];
    this.choices.subscribe(() => this.point(true));
  }

  start(): void {
    this.recolour();
  }

  recolour(): void {
    const { scheme } = this.host.theme;
    this.grid.show(this.model(), isOverview(this.spec.header.texts));
    this.grid.recolour();
    const below = this.spec.header.least < 0;
    const ramps = [...(below ? ([["teal", "left"]] as const) : []), ["clay", "right"]] as const;
    const words = `cosine of the two texts' vectors${below ? "; 0 in the middle" : ""}`;
    this.key.replaceChildren(rampLegend(scheme, [below ? "−1" : "0", "1"], ramps, words));
    this.point(false);
  }

  dispose(): void {
    this.grid.dispose();
    this.choices.dispose();
  }

  private get chosen(): Place {
    return { row: this.choices.number("text"), col: this.choices.number("other") };
  }

  private model() {
    return embedModel(this.spec.header.texts, this.similarity, this.host.theme.scheme);
  }

  private point(reveal: boolean): void {
    this.grid.select(this.chosen, reveal);
    this.tell(this.chosen);
    this.near.replaceChildren(...this.nearest(this.chosen));
  }

  private hover(place: Place | null): void {
    this.grid.setHover(place);
    this.tell(place ?? this.chosen);
  }

  /** The two texts of a cell, and how alike they are. */
  private tell({ row, col }: Place): void {
    const { texts } = this.spec.header;
    const value = element("b", {}, quantity(this.similarity.at(row, col)));
    this.pair.replaceChildren(
      chip(texts[row]!, "out"),
      " and ",
      chip(texts[col]!, "in"),
      ": ",
      value,
    );
  }

  /** The texts that are nearest to the chosen one. */
  private nearest({ row, col }: Place): HTMLElement[] {
    const { texts } = this.spec.header;
    const value = (other: number): number => this.similarity.at(row, other);
    const order = texts
      .map((_, other) => other)
      .filter((other) => other !== row)
      .sort((a, b) => value(b) - value(a))
      .slice(0, NEAREST);
    const told = aligned(order.map((other) => quantity(value(other))));
    const rows = order.map((other, n) =>
      element(
        "tr",
        { class: other === col ? "is-chosen" : null },
        element("td", { class: "is-number" }, String(other)),
        element("td", {}, texts[other]!),
        element("td", {}, track(Math.max(0, value(other)))),
        element("td", { class: "is-number" }, told[n]!),
      ),
    );
    const heads = ["text", "", "", "cosine"].map((words) =>
      words ? element("th", { scope: "col", class: "is-number" }, words) : element("td", {}),
    );
    const caption = element("caption", { class: "visually-hidden" }, "The nearest texts");
    const table = element(
      "table",
      { class: "embed-near" },
      caption,
      element("thead", {}, element("tr", {}, ...heads)),
      element("tbody", {}, ...rows),
    );
    const title = element("h2", {}, "Nearest to ", chip(texts[row]!, "out"));
    return rows.length
      ? [title, table]
      : [title, element("p", { class: "hint" }, "There is no other text.")];
  }
}
