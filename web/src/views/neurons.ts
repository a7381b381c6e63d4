import { card, provenance, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { element } from "../parts/dom";
import { quantity } from "../parts/format";
import { HeatGrid } from "../parts/heatgrid";
import { masthead } from "../parts/masthead";
import { picker } from "../parts/picker";
import type { NeuronsHeader } from "../spec/headers";
import { arrayOf, type Spec } from "../spec/spec";
import type { Host, View } from "./host";
import { neuronRows, neuronsModel, type NeuronRow } from "./neurons/model";

const SHOWN = 40;

/** Neurons: rows of neurons by columns of tokens, a block at a time. */
export const neuronsView: View = (anySpec, root, host) => {
  const spec = anySpec as Spec<NeuronsHeader>;
  const page = new NeuronsPage(spec, host);
  root.append(masthead(spec.header, host.theme), page.element);
  const stop = host.theme.subscribe(() => page.recolour());
  return () => {
    stop();
    page.dispose();
    root.replaceChildren();
  };
};

class NeuronsPage {
  readonly element: HTMLElement;
  private readonly choices: Choices;
  private readonly grid: HeatGrid;
  private readonly readout = element("p", { class: "about", "aria-live": "polite" });
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
      },
      (name, value) => this.permits(name, value),
      host.address,
    );
    this.rows = this.chosenRows();
    this.grid = new HeatGrid(this.model(), {
      hover: (place) => place && this.tell(place.row, place.col),
      choose: ({ row, col }) => this.choices.set({ row: String(row), at: String(col) }),
      move: ({ row, col }) => this.choices.set({ row: String(row), at: String(col) }),
      release: () => {},
    });
    this.element = this.arrange();
    this.choices.subscribe((now, before) => {
      if (["layer", "by", "sign"].some((name) => now[name] !== before[name])) this.recolour();
      this.point();
    });
    this.recolour();
  }

  recolour(): void {
    this.rows = this.chosenRows();
    this.grid.show(this.model(), false);
    this.grid.recolour();
    const { header } = this.spec;
    const block = header.layers.indexOf(this.choices.number("layer"));
    this.left.textContent =
      `${this.rows.length} of the ${header.of[block]!} neurons of layer ${header.layers[block]!} ` +
      "are drawn" +
      (this.rows.length < header.of[block]!
        ? "; ct.neurons(trace, neurons=[…]) shows others."
        : ".");
    this.point();
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
    return isWhole(value, 0, name === "at" ? header.positions.length - 1 : SHOWN - 1);
  }

  private arrange(): HTMLElement {
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
    const picture = card(
      header.heading,
      header.about,
      [layer, by, sign],
      this.grid.element,
      this.readout,
      this.left,
      sentence(header.sentence),
    );
    picture.classList.add("is-wide");
    return element("main", { class: "board" }, picture, provenance(header));
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

  private point(): void {
    const place = { row: this.choices.number("row"), col: this.choices.number("at") };
    this.grid.select(place, true);
    this.tell(place.row, place.col);
  }

  private tell(row: number, col: number): void {
    const found = this.rows[row];
    if (!found) return;
    const { header } = this.spec;
    const block = header.layers.indexOf(this.choices.number("layer"));
    const value = arrayOf(this.spec, "activation").at(block, found.place, col);
    this.readout.replaceChildren(
      `Neuron ${found.neuron} of layer ${header.layers[block]!} at `,
      element("code", { dir: "ltr", class: "chip-in" }, header.inputs[col]!),
      `: ${quantity(value)}`,
    );
  }
}
