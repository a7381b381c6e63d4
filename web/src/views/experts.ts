import { card, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { element } from "../parts/dom";
import type { Place } from "../parts/geometry";
import { HeatGrid } from "../parts/heatgrid";
import { cellsPicker, picker } from "../parts/picker";
import { savePicture } from "../parts/savepicture";
import { layerLink, positionLink } from "../parts/selection";
import type { ExpertsHeader } from "../spec/routing";
import type { Spec } from "../spec/spec";
import { Calls } from "./experts/called";
import { expertsKey, layersKey } from "./experts/keys";
import { LoadBars } from "./experts/loads";
import { expertsModel, largest, layersModel, type Colour, type Score } from "./experts/model";
import { panel } from "./experts/panel";
import { saved } from "./experts/saved";
import type { Host } from "./host";
import { pageView, wide, type Page } from "./page";

/** More tokens than this are first drawn without numbers in the cells. */
const FEW = 24;

/** A mixture's routers: the experts called in each layer at each token, and every score. */
export const expertsView = pageView<ExpertsHeader>((spec, host) => new ExpertsPage(spec, host));

class ExpertsPage implements Page {
  readonly cards: readonly HTMLElement[];
  private readonly calls: Calls;
  private readonly choices: Choices;
  private readonly above: HeatGrid;
  private readonly below: HeatGrid;
  private readonly key = element("div");
  private readonly scoreKey = element("div");
  private readonly title = element("h2");
  private readonly bars: LoadBars;
  private readonly panel = element("section", {
    class: "card readout is-tall",
    "aria-live": "polite",
  });
  private score: Score = () => NaN;
  private readonly order: { row: number; by: string; experts: number[] };

  constructor(
    spec: Spec<ExpertsHeader>,
    private readonly host: Host,
  ) {
    this.calls = new Calls(spec);
    const { layers, positions } = spec.header;
    this.choices = new Choices(
      {
        layer: String(layers.at(-1)!),
        at: String(positions.length - 1),
        expert: String(this.calls.at(layers.length - 1, positions.length - 1)[0]?.expert ?? 0),
        colour: "weight",
        order: "number",
        cells: positions.length > FEW ? "overview" : "numbers",
      },
      (name, value) => this.permits(name, value),
      host,
      { layer: layerLink, at: positionLink(positions) },
    );
    this.order = { row: -1, by: "", experts: [] };
    this.bars = new LoadBars(this.calls, (expert) =>
      this.choices.set({ expert: String(expert), colour: "expert" }),
    );
    const release = (): void => {};
    const cell = (place: Place): void => this.chooseCell(place);
    this.above = new HeatGrid(this.layersModel(), {
      release,
      hover: (place) => this.tell(place && this.rowAt(place.row), place?.col ?? null),
      choose: cell,
      move: cell,
    });
    const score = (place: Place): void => this.chooseScore(place);
    this.below = new HeatGrid(this.expertsModel(), {
      release,
      hover: (place) => this.tell(null, place?.col ?? null),
      choose: score,
      move: score,
    });
    this.cards = this.arrange();
    this.choices.subscribe((now, before) => {
      if (now["layer"] !== before["layer"]) void this.fetch();
      this.recolour();
    });
  }

  start(): void {
    this.recolour();
    void this.fetch();
  }

  recolour(): void {
    const overview = this.choices.get("cells") === "overview";
    const { scheme } = this.host.theme;
    this.above.show(this.layersModel(), overview);
    this.below.show(this.expertsModel(), overview);
    this.above.recolour();
    this.below.recolour();
    this.key.replaceChildren(layersKey(this.calls, this.colour, this.expert, scheme, overview));
    const most = largest(this.calls.header, this.experts(), this.score);
    this.scoreKey.replaceChildren(expertsKey(this.calls, this.row, most, scheme));
    this.title.textContent = `Layer ${this.choices.get("layer")}, expert by expert`;
    this.bars.show(this.row, this.experts(), this.expert);
    this.point();
  }

  dispose(): void {
    this.above.dispose();
    this.below.dispose();
    this.choices.dispose();
  }

  private get row(): number {
    return this.calls.header.layers.indexOf(this.choices.number("layer"));
  }

  private get expert(): number {
    return this.choices.number("expert");
  }

  private get colour(): Colour {
    return this.choices.get("colour") as Colour;
  }

  /** The row of layers that a row of the picture shows: the last is on top. */
  private rowAt(row: number): number {
    return this.calls.header.layers.length - 1 - row;
  }

  private permits(name: string, value: string): boolean {
    const { layers, positions, counts } = this.calls.header;
    if (name === "layer") return layers.includes(Number(value));
    if (name === "at") return isWhole(value, 0, positions.length - 1);
    if (name === "expert") return isWhole(value, 0, Math.max(...counts) - 1);
    const words = { colour: ["weight", "entropy", "expert"], order: ["number", "load"] };
    return (words[name as keyof typeof words] ?? ["numbers", "overview"]).includes(value);
  }

  /** The experts of the layer in the order they are drawn. */
  private experts(): number[] {
    const [row, by] = [this.row, this.choices.get("order")];
    if (this.order.row === row && this.order.by === by) return this.order.experts;
    const experts = Array.from({ length: this.calls.header.counts[row]! }, (_, expert) => expert);
    if (by === "load") experts.sort((a, b) => this.calls.load(row, b) - this.calls.load(row, a));
    Object.assign(this.order, { row, by, experts });
    return experts;
  }

  private layersModel() {
    return layersModel(this.calls, this.colour, this.expert, this.host.theme.scheme);
  }

  private expertsModel() {
    const { scheme } = this.host.theme;
    return expertsModel(this.calls, this.row, this.experts(), this.score, scheme);
  }

  /** The scores of the layer that is chosen now, which travel by themselves. */
  private async fetch(): Promise<void> {
    const row = this.row;
    this.score = () => NaN;
    const score = await this.calls.scoresOf(row);
    if (row !== this.row) return;
    this.score = score;
    this.recolour();
  }

  private arrange(): HTMLElement[] {
    const { header } = this.calls;
    const colour = picker(this.choices, "colour", "Colour by", [
      ["weight", "weight"],
      ["entropy", "entropy"],
      ["expert", "one expert"],
    ]);
    const cells = cellsPicker(this.choices);
    const order = picker(this.choices, "order", "Order", [
      ["number", "by number"],
      ["load", "busiest first"],
    ]);
    const first = card(
      header.heading,
      header.about,
      [colour, cells, savePicture(() => saved(this.calls, this.above, this.panel))],
      this.above.element,
      this.key,
      this.host.nested ? null : sentence(header.sentence),
    );
    const about =
      "Every expert's score at every token; beside its number the share of tokens that called it.";
    const second = card(this.title.textContent, about, [order], this.below.element, this.scoreKey);
    second.querySelector("h2")!.replaceWith(this.title);
    const share = "The share of tokens that called each expert of this layer.";
    const third = card("Load", share, [], this.bars.element, this.bars.hint);
    return [first, this.panel, second, wide(third)];
  }

  private chooseCell({ row, col }: Place): void {
    const layer = this.calls.header.layers[this.rowAt(row)]!;
    this.choices.set({ layer: String(layer), at: String(col) });
  }

  private chooseScore({ row, col }: Place): void {
    this.choices.set({ expert: String(this.experts()[row]!), at: String(col) });
  }

  private point(): void {
    const col = this.choices.number("at");
    this.above.select({ row: this.rowAt(this.row), col }, true);
    const row = this.experts().indexOf(this.expert);
    this.below.select(row < 0 ? null : { row, col }, true);
    this.tell(null, null);
  }

  /** The cell under the pointer, or the chosen one; scores are those of the chosen layer alone. */
  private tell(row: number | null, col: number | null): void {
    const score = row === null || row === this.row ? this.score : null;
    const at = [row ?? this.row, col ?? this.choices.number("at")] as const;
    this.panel.replaceChildren(...panel(this.calls, ...at, score));
  }
}
