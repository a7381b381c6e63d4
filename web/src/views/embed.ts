import { track } from "../parts/candidates";
import { card, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { chip, element } from "../parts/dom";
import { quantity } from "../parts/format";
import { HeatGrid } from "../parts/heatgrid";
import type { GridModel } from "../parts/heatmodel";
import { rampLegend } from "../parts/legend";
import { paintOf, type Paint } from "../parts/ramp";
import type { Scheme } from "../parts/theme";
import type { EmbedHeader } from "../spec/embed";
import { arrayOf, type Grid, type Spec } from "../spec/spec";
import type { Host } from "./host";
import { pageView, wide, type Page } from "./page";

/** Letters of a text beside its row. */
const LETTERS = 34;
const ROOM = 250;
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
  private readonly near = element("section", { class: "card is-wide", "aria-live": "polite" });

  constructor(
    private readonly spec: Spec<EmbedHeader>,
    private readonly host: Host,
  ) {
    this.similarity = arrayOf(spec, "similarity");
    const last = spec.header.texts.length - 1;
    const allowed = (_: string, value: string): boolean => isWhole(value, 0, last);
    this.choices = new Choices({ text: "0", other: String(Math.min(1, last)) }, allowed, host);
    const choose = ({ row, col }: { row: number; col: number }): void =>
      this.choices.set({ text: String(row), other: String(col) });
    this.grid = new HeatGrid(this.model(host.theme.scheme), {
      hover: () => {},
      choose,
      move: choose,
      release: () => {},
    });
    const { header } = spec;
    const body = [this.grid.element, this.key, sentence(header.sentence)];
    this.cards = [wide(card(header.heading, header.about, [], ...body)), this.near];
    this.choices.subscribe(() => this.point(true));
  }

  start(): void {
    this.recolour();
  }

  recolour(): void {
    const { scheme } = this.host.theme;
    this.grid.show(this.model(scheme), false);
    const below = this.spec.header.least < 0;
    const ramps = [...(below ? ([["teal", "left"]] as const) : []), ["clay", "right"]] as const;
    const words = "cosine of the two texts' vectors";
    this.key.replaceChildren(rampLegend(scheme, [below ? "-1" : "0", "1"], ramps, words));
    this.point(false);
  }

  dispose(): void {
    this.grid.dispose();
    this.choices.dispose();
  }

  private point(reveal: boolean): void {
    const [row, col] = [this.choices.number("text"), this.choices.number("other")];
    this.grid.select({ row, col }, reveal);
    this.near.replaceChildren(...this.nearest(row, col));
  }

  /** The chosen text: how like the other one, and which are nearest. */
  private nearest(row: number, col: number): HTMLElement[] {
    const { texts } = this.spec.header;
    const value = (other: number): number => this.similarity.at(row, other);
    const order = texts
      .map((_, other) => other)
      .filter((other) => other !== row)
      .sort((a, b) => value(b) - value(a))
      .slice(0, NEAREST);
    const rows = order.map((other) =>
      element(
        "tr",
        { class: other === col ? "is-chosen" : null },
        element("td", { class: "is-number" }, String(other)),
        element("td", {}, texts[other]!),
        element("td", {}, track(Math.max(0, value(other)))),
        element("td", { class: "is-number" }, quantity(value(other))),
      ),
    );
    const pair = element("p", { class: "about" }, "Cosine with ", chip(texts[col]!, "in"), ": ");
    pair.append(element("b", {}, quantity(value(col))));
    const caption = element("caption", { class: "visually-hidden" }, "The nearest texts");
    return [
      element("h2", {}, "Nearest to ", chip(texts[row]!, "out")),
      ...(col === row ? [] : [pair]),
      element("table", { class: "embed-near" }, caption, element("tbody", {}, ...rows)),
    ];
  }

  private model(scheme: Scheme): GridModel {
    const { texts } = this.spec.header;
    const edge = {
      name: "text",
      tone: "ink",
      label: (col: number) => String(col),
      small: null,
      underlined: () => false,
    } as const;
    const paint = (row: number, col: number): Paint | null => {
      const value = this.similarity.at(row, col);
      return paintOf(value < 0 ? "teal" : "clay", scheme, Math.abs(value));
    };
    return {
      rows: texts.length,
      cols: texts.length,
      label: `Cosines of ${texts.length} texts. Arrow keys move.`,
      paint,
      text: (row, col) => quantity(this.similarity.at(row, col)),
      ringed: () => false,
      rowLabel: (row) => `${short(texts[row]!)}  ${row}`,
      labelRoom: ROOM,
      above: edge,
      below: edge,
    };
  }
}

function short(text: string): string {
  const letters = Array.from(text);
  return letters.length > LETTERS ? `${letters.slice(0, LETTERS - 1).join("")}…` : text;
}
