import { card, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { element } from "../parts/dom";
import type { Place } from "../parts/geometry";
import { HeatGrid } from "../parts/heatgrid";
import { cellsPicker, picker } from "../parts/picker";
import { layerLink, slotLink } from "../parts/selection";
import type { CompareExpertsHeader } from "../spec/compare";
import type { Spec } from "../spec/spec";
import { routesKey } from "./compare_experts/keys";
import { LISTED, loadList, slotList, type PickList } from "./compare_experts/lists";
import { routesModel, type Colour } from "./compare_experts/model";
import { panel } from "./compare_experts/panel";
import { Routes } from "./compare_experts/routes";
import type { Host } from "./host";
import { pageView, wide, type Page } from "./page";

/** More tokens than this are first drawn without numbers in the cells. */
const FEW = 24;
const WORDS: Readonly<Record<string, readonly string[]>> = {
  colour: ["difference", "first", "second", "expert"],
  order: ["number", "change"],
  cells: ["numbers", "overview"],
};

/** The experts of two runs: layers by tokens, one cell of both, loads beside each other. */
export const compareExpertsView = pageView<CompareExpertsHeader>(
  (spec, host) => new CompareExpertsPage(spec, host),
);

class CompareExpertsPage implements Page {
  readonly cards: readonly HTMLElement[];
  private readonly routes: Routes;
  private readonly choices: Choices;
  private readonly grid: HeatGrid;
  private readonly key = element("div");
  private readonly panel = element("section", { class: "card readout", "aria-live": "polite" });
  private readonly title = element("h2");
  private readonly slots: PickList;
  private readonly loads: PickList;
  private readonly ranked: readonly number[];

  constructor(
    spec: Spec<CompareExpertsHeader>,
    private readonly host: Host,
  ) {
    this.routes = new Routes(spec);
    this.ranked = this.routes.ranked().slice(0, LISTED);
    this.choices = this.makeChoices();
    this.slots = slotList(this.routes, (slot) => this.choices.set({ at: String(slot) }));
    this.loads = loadList(
      this.routes,
      () => this.row,
      (expert) => this.choices.set({ expert: String(expert), colour: "expert" }),
    );
    const choose = ({ row, col }: Place): void => {
      const layer = spec.header.layers[this.rowAt(row)]!;
      this.choices.set({ layer: String(layer), at: String(col) });
    };
    this.grid = new HeatGrid(this.model(), {
      release: () => {},
      hover: (place) =>
        place ? this.tell(this.rowAt(place.row), place.col) : this.tell(this.row, this.slot),
      choose,
      move: choose,
    });
    this.cards = this.arrange();
    this.choices.subscribe((now, before) => {
      const changed = ["colour", "expert", "cells"].some((name) => now[name] !== before[name]);
      if (changed) this.showGrid();
      this.point();
    });
  }

  start(): void {
    this.recolour();
  }

  recolour(): void {
    this.showGrid();
    this.point();
  }

  dispose(): void {
    this.grid.dispose();
    this.choices.dispose();
  }

  private makeChoices(): Choices {
    const { header } = this.routes;
    const { layers, same, opens, at } = header;
    const [best] = this.routes.at(opens.layer, opens.slot);
    return new Choices(
      {
        layer: String(layers[opens.layer]!),
        at: String(opens.slot),
        expert: String(best?.expert ?? 0),
        colour: "difference",
        order: "change",
        cells: same.length > FEW ? "overview" : "numbers",
      },
      (name, value) => this.permits(name, value),
      this.host,
      { layer: layerLink, at: slotLink(at[0]) },
    );
  }

  private permits(name: string, value: string): boolean {
    const { layers, same, counts } = this.routes.header;
    if (name === "layer") return layers.map(String).includes(value);
    if (name === "at") return isWhole(value, 0, same.length - 1);
    if (name === "expert") return isWhole(value, 0, Math.max(...counts) - 1);
    return WORDS[name]!.includes(value);
  }

  private get row(): number {
    return this.routes.header.layers.indexOf(this.choices.number("layer"));
  }

  private get slot(): number {
    return this.choices.number("at");
  }

  /** The row of layers that a row of the picture shows: the last is on top. */
  private rowAt(row: number): number {
    return this.routes.header.layers.length - 1 - row;
  }

  private get colour(): Colour {
    return this.choices.get("colour") as Colour;
  }

  private model() {
    const { scheme } = this.host.theme;
    return routesModel(this.routes, this.colour, this.choices.number("expert"), scheme);
  }

  /** The experts of the layer in the order their loads are listed. */
  private experts(): number[] {
    const { row, routes } = this;
    const experts = Array.from({ length: routes.header.counts[row]! }, (_, expert) => expert);
    if (this.choices.get("order") === "number") return experts;
    const size = (expert: number): number => Math.abs(routes.change(row, expert));
    return experts.sort((a, b) => size(b) - size(a) || a - b);
  }

  private arrange(): HTMLElement[] {
    const { header } = this.routes;
    const colour = picker(this.choices, "colour", "Colour by", [
      ["difference", "difference"],
      ["first", header.names[0]],
      ["second", header.names[1]],
      ["expert", "one expert"],
    ]);
    const cells = cellsPicker(this.choices);
    const order = picker(this.choices, "order", "Order", [
      ["change", "by change"],
      ["number", "by number"],
    ]);
    const words = sentence(header.sentence);
    const picture = [this.grid.element, this.key, words];
    const first = card(header.heading, header.about, [colour, cells], ...picture);
    const most = "Those that both have, by how many layers send them to no expert in common.";
    const second = card("Tokens sent elsewhere", most, [], this.slots.element);
    const share =
      "The share of each run's tokens that called an expert of this layer, over all of its text. " +
      "Pick one to see where its weight changed.";
    const third = card(this.title.textContent, share, [order], this.loads.element);
    third.querySelector("h2")!.replaceWith(this.title);
    return [wide(first), second, this.panel, wide(third)];
  }

  private showGrid(): void {
    const numbered = this.choices.get("cells") === "numbers";
    this.grid.show(this.model(), !numbered);
    this.grid.recolour();
    const expert = this.choices.number("expert");
    const { scheme } = this.host.theme;
    this.key.replaceChildren(routesKey(this.routes, this.colour, expert, numbered, scheme));
  }

  /** Everything that follows the chosen cell and expert. */
  private point(): void {
    const { row, slot } = this;
    this.grid.select({ row: this.rowAt(row), col: slot }, true);
    this.title.textContent = `Load in layer ${this.choices.get("layer")}`;
    this.slots.show("all", this.ranked, slot);
    const order = `${row} ${this.choices.get("order")}`;
    this.loads.show(order, this.experts(), this.choices.number("expert"));
    this.tell(row, slot);
  }

  private tell(row: number, slot: number): void {
    this.panel.replaceChildren(...panel(this.routes, row, slot));
  }
}
