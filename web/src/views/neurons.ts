import { card, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { element } from "../parts/dom";
import { quantity } from "../parts/format";
import { HeatGrid } from "../parts/heatgrid";
import { rampLegend } from "../parts/legend";
import { cellsPicker, picker } from "../parts/picker";
import { layerLink, positionLink } from "../parts/selection";
import type { NeuronsHeader } from "../spec/headers";
import { arrayOf, type Spec } from "../spec/spec";
import type { Host } from "./host";
import { largest, neuronRows, neuronsModel, type NeuronRow } from "./neurons/model";
import { pageView, wide, type Page } from "./page";

const SHOWN = 40;
/** More tokens than this are first drawn without numbers in the cells. */
const FEW = 24;

/** Neurons: rows of neurons by columns of tokens, a block at a time. */
export const neuronsView = pageView<NeuronsHeader>((spec, host) => new NeuronsPage(spec, host));

class NeuronsPage implements Page {
  readonly cards: readonly HTMLElement[];
  private readonly choices: Choices;
  private readonly grid: HeatGrid;
  private readonly readout = element("p", { class: "about", "aria-live": "polite" });
  private readonly legendBox = element("div");
  private readonly left = element("p", { class: "hint" });
  private rows: NeuronRow[];

  constructor(
    private readonly spec: Spec<NeuronsHeader>,
    private readonly host: Host,
  ) {
    const { header } = spec;
    const { layers } = header;
    this.choices = new Choices(
      {
        layer: String(layers[0]),
        by: header.chosen ? "first" : "active",
        sign: header.low < 0 ? "signed" : "positive",
        row: "0",
        at: "0",
        cells: header.positions.length > FEW ? "overview" : "numbers",
      },
      (name, value) => this.permits(name, value),
      host,
      { layer: layerLink, at: positionLink(header.positions) },
    );
    this.rows = this.chosenRows();
    this.grid = new HeatGrid(this.model(), {
      hover: (place) => (place ? this.tell(place.row, place.col) : this.point(false)),
      choose: ({ row, col }) => this.choices.set({ row: String(row), at: String(col) }),
      move: ({ row, col }) => this.choices.set({ row: String(row), at: String(col) }),
      release: () => {},
    });
    this.cards = this.arrange();
    this.choices.subscribe((now, before) => {
      if (["layer", "by", "sign", "cells"].some((name) => now[name] !== before[name]))
        this.recolour();
      this.point(true);
    });
  }

  start(): void {
    this.recolour();
  }

  recolour(): void {
    this.rows = this.chosenRows();
    this.grid.show(this.model(), this.choices.get("cells") === "overview");
    this.grid.recolour();
    const { header } = this.spec;
    const block = header.layers.indexOf(this.choices.number("layer"));
    this.legendBox.replaceChildren(this.legend(block));
    this.left.textContent = this.drawn(block);
    this.point(true);
  }

  dispose(): void {
    this.grid.dispose();
    this.choices.dispose();
  }

  private permits(name: string, value: string): boolean {
    const { header } = this.spec;
    if (name === "layer") return header.layers.includes(Number(value));
    if (name === "by") return value === "first" || value === "active";
    if (name === "sign") return value === "positive" || value === "signed";
    if (name === "cells") return value === "numbers" || value === "overview";
    return isWhole(value, 0, name === "at" ? header.positions.length - 1 : SHOWN - 1);
  }

  private arrange(): HTMLElement[] {
    const { header } = this.spec;
    const layer = element("select", { "aria-label": "Layer" });
    layer.append(
      ...header.layers.map((number) => element("option", { value: number }, `layer ${number}`)),
    );
    layer.value = this.choices.get("layer");
    layer.addEventListener("change", () => this.choices.set({ layer: layer.value, row: "0" }));
    this.choices.subscribe((now) => (layer.value = now["layer"]!));
    const by = picker(this.choices, "by", "Which neurons", [
      ["active", "most active"],
      ["first", header.chosen ? "chosen" : "first"],
    ]);
    const sign = picker(this.choices, "sign", "Sign", [
      ["positive", "positive only"],
      ["signed", "signed"],
    ]);
    const cells = cellsPicker(this.choices);
    const picture = card(
      header.heading,
      header.about,
      [layer, by, sign, cells],
      this.grid.element,
      this.legendBox,
      this.readout,
      this.left,
      sentence(header.sentence),
    );
    return [wide(picture)];
  }

  /** How many neurons of a block are drawn, and what a 0 means in a mixture. */
  private drawn(block: number): string {
    const { of, layers } = this.spec.header;
    const [count, all] = [this.rows.length, of[block]!];
    const more = count < all ? "; ct.neurons(trace, neurons=[…]) shows others." : ".";
    const nought = this.spec.arrays["expert"] ? " 0: the expert was not called." : "";
    return `${count} of the ${all} neurons of layer ${layers[block]!} are drawn${more}${nought}`;
  }

  private legend(block: number): HTMLElement {
    const most = quantity(largest(this.spec, block, this.rows));
    const { scheme } = this.host.theme;
    const words = "activation, on a square-root scale to the largest drawn of this layer";
    if (this.choices.get("sign") === "positive") {
      return rampLegend(scheme, ["0 or below", most], [["clay", "right"]], words);
    }
    const ramps = [
      ["teal", "left"],
      ["clay", "right"],
    ] as const;
    return rampLegend(scheme, [`−${most}`, most], ramps, `${words}; 0 in the middle`);
  }

  private chosenRows(): NeuronRow[] {
    const { header } = this.spec;
    const block = header.layers.indexOf(this.choices.number("layer"));
    return neuronRows(this.spec, block, this.choices.get("by") === "active").slice(
      0,
      header.chosen ? undefined : SHOWN,
    );
  }

  private model() {
    const block = this.spec.header.layers.indexOf(this.choices.number("layer"));
    const signed = this.choices.get("sign") === "signed";
    return neuronsModel(this.spec, block, this.rows, signed, this.host.theme.scheme);
  }

  private point(reveal: boolean): void {
    const place = { row: this.choices.number("row"), col: this.choices.number("at") };
    this.grid.select(place, reveal);
    this.tell(place.row, place.col);
  }

  private tell(row: number, col: number): void {
    const found = this.rows[row];
    if (!found) return;
    const { header } = this.spec;
    const block = header.layers.indexOf(this.choices.number("layer"));
    const value = arrayOf(this.spec, "activation").at(block, found.place, col);
    this.readout.replaceChildren(
      `Neuron ${found.label} of layer ${header.layers[block]!} at `,
      element("code", { dir: "ltr", class: "chip-in" }, header.inputs[col]!),
      `: ${quantity(value)}`,
    );
  }
}
