import { card, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { element } from "../parts/dom";
import type { Place } from "../parts/geometry";
import { HeatGrid } from "../parts/heatgrid";
import { layerName, layerNumber } from "../parts/layers";
import { legend, quantityName } from "../parts/legend";
import { picker } from "../parts/picker";
import { layerLink, positionLink } from "../parts/selection";
import type { ClassesHeader } from "../spec/classes";
import type { Quantity } from "../spec/headers";
import type { Spec } from "../spec/spec";
import { BEST, ClassCells, classesModel } from "./classes/cells";
import { readout } from "./classes/readout";
import type { Host } from "./host";
import { pageView, type Page } from "./page";

/** A classifier: what it would answer after each layer. */
export const classesView = pageView<ClassesHeader>((spec, host) => new ClassesPage(spec, host));

class ClassesPage implements Page {
  readonly cards: readonly HTMLElement[];
  private readonly cells: ClassCells;
  private readonly choices: Choices;
  private readonly grid: HeatGrid;
  private readonly key = element("div");
  private readonly panel = element("section", { class: "card readout", "aria-live": "polite" });

  constructor(
    spec: Spec<ClassesHeader>,
    private readonly host: Host,
  ) {
    const { header } = spec;
    this.cells = new ClassCells(spec);
    const links = { layer: layerLink };
    this.choices = new Choices(
      {
        layer: layerName(header.layers.at(-1)!),
        col: String(this.firstColumn()),
        label: header.task === "token" ? String(BEST) : "0",
        colour: header.quantities[0]!.name,
      },
      (name, value) => this.permits(name, value),
      host,
      header.row ? { ...links, col: positionLink(header.row.positions) } : links,
    );
    this.grid = new HeatGrid(this.model(), {
      hover: (place) => this.hover(place),
      choose: (place) => this.choose(place),
      move: (place) => this.choose(place),
      release: () => {},
    });
    this.cards = this.arrange();
    this.choices.subscribe((now, before) => {
      if (now["label"] !== before["label"] || now["colour"] !== before["colour"]) this.recolour();
      this.show(null, true);
    });
  }

  start(): void {
    this.recolour();
  }

  recolour(): void {
    this.grid.show(this.model(), false);
    this.grid.recolour();
    this.key.replaceChildren(legend(this.quantity(), this.host.theme.scheme, []));
    this.show(null, true);
  }

  dispose(): void {
    this.grid.dispose();
    this.choices.dispose();
  }

  /** Where the likeliest answer begins, the best label, or the first token. */
  private firstColumn(): number {
    return this.cells.header.spans.at(-1)?.best[0]?.start ?? 0;
  }

  private permits(name: string, value: string): boolean {
    const { header } = this.cells;
    if (name === "layer") return header.layers.includes(layerNumber(value));
    if (name === "col") return isWhole(value, 0, this.cells.columns.length - 1);
    if (name === "colour") return header.quantities.some((one) => one.name === value);
    return isWhole(value, header.task === "token" ? BEST : 0, header.labels.length - 1);
  }

  private arrange(): HTMLElement[] {
    const { header } = this.cells;
    const words = header.quantities.map((one) => [one.name, quantityName(one)] as const);
    const colour = words.length > 1 ? picker(this.choices, "colour", "Colour by", words) : null;
    const controls = [this.labelChoice(), colour].filter((node) => node !== null);
    const picture = card(
      header.heading,
      header.about,
      controls,
      sentence(header.sentence),
      this.grid.element,
      this.key,
    );
    return [picture, this.panel];
  }

  /** Which label colours the tokens: each one's best or a certain one; of answers start or end. */
  private labelChoice(): HTMLElement | null {
    const { task, labels } = this.cells.header;
    const named = labels.map((label, i) => [String(i), label] as const);
    if (task === "sequence") return null;
    if (task === "span") return picker(this.choices, "label", "The answer's", named);
    const select = element("select", { "aria-label": "Label" });
    const options = [[String(BEST), "each token's best"] as const, ...named];
    select.append(...options.map(([value, words]) => element("option", { value }, words)));
    const follow = (): void => void (select.value = this.choices.get("label"));
    select.addEventListener("change", () => this.choices.set({ label: select.value }));
    this.choices.subscribe(follow);
    follow();
    return select;
  }

  private quantity(): Quantity {
    const name = this.choices.get("colour");
    return this.cells.header.quantities.find((one) => one.name === name)!;
  }

  private model() {
    const label = this.choices.number("label");
    return classesModel(this.cells, this.quantity(), label, this.host.theme.scheme);
  }

  private hover(place: Place | null): void {
    this.grid.setHover(place);
    this.show(place, false);
  }

  private choose({ row, col }: Place): void {
    const layer = layerName(this.cells.header.layers[this.cells.row(row)]!);
    this.choices.set({ layer, col: String(col) });
  }

  /** The cell under the pointer, else the chosen one. */
  private show(hover: Place | null, reveal: boolean): void {
    const row = this.cells.header.layers.indexOf(layerNumber(this.choices.get("layer")));
    const chosen = { row: this.cells.row(row), col: this.choices.number("col") };
    if (!hover) this.grid.select(chosen, reveal);
    const { row: drawn, col } = hover ?? chosen;
    this.panel.replaceChildren(...readout(this.cells, this.cells.row(drawn), col));
  }
}
