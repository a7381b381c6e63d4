import { card, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { element } from "../parts/dom";
import type { Place } from "../parts/geometry";
import { HeatGrid } from "../parts/heatgrid";
import { layerNumber } from "../parts/layers";
import { legend, quantityName } from "../parts/legend";
import { LineChart } from "../parts/lines";
import { picker } from "../parts/picker";
import { layerRowLink, slotLink } from "../parts/selection";
import { signedLegend } from "../parts/signed";
import type { CompareHeader } from "../spec/compare";
import type { Spec } from "../spec/spec";
import { ComparedCells, type Shown } from "./compare/cells";
import { distanceChart, divergenceWords } from "./compare/curve";
import { readout } from "./compare/readout";
import type { Host } from "./host";
import { pageView, type Page } from "./page";

const SHOWN: readonly Shown[] = ["difference", "first", "second"];

/** Two answers of one lens as one grid, a cell of both beside it, and where the two part. */
export const compareView = pageView<CompareHeader>((spec, host) => new ComparePage(spec, host));

class ComparePage implements Page {
  readonly cards: readonly HTMLElement[];
  private readonly cells: ComparedCells;
  private readonly choices: Choices;
  private readonly grid: HeatGrid;
  private readonly legend = element("div");
  private readonly panel = element("section", { class: "card readout", "aria-live": "polite" });
  private readonly curve = element("div", { class: "chart-box" });
  private readonly divergence = element("p", { class: "about", "aria-live": "polite" });
  private chart: LineChart | null = null;
  private hovered: Place | null = null;

  constructor(
    private readonly spec: Spec<CompareHeader>,
    private readonly host: Host,
  ) {
    this.cells = new ComparedCells(spec);
    this.choices = this.makeChoices();
    const choose = ({ row, col }: Place): void =>
      this.choices.set({ row: String(this.cells.flip(row)), col: String(col) });
    this.grid = new HeatGrid(this.model(), {
      hover: (place) => this.hover(place),
      choose,
      move: choose,
      release: () => {},
    });
    this.cards = this.arrange();
  }

  start(): void {
    this.recolour();
    this.choices.subscribe((now, before) => {
      const changed = (name: string): boolean => now[name] !== before[name];
      if (changed("show") || changed("quantity")) this.showGrid();
      if (changed("col")) this.showCurve();
      this.point(true);
    });
  }

  recolour(): void {
    this.showGrid();
    this.showCurve();
    this.point(true);
  }

  dispose(): void {
    this.grid.dispose();
    this.choices.dispose();
  }

  private makeChoices(): Choices {
    const { header } = this.spec;
    const names = header.quantities.map(({ name }) => name);
    const { row, column } = header.opens;
    return new Choices(
      { show: "difference", quantity: header.opens_with, row: String(row), col: String(column) },
      (name, value) => {
        if (name === "show") return SHOWN.includes(value as Shown);
        if (name === "quantity") return names.includes(value);
        const count = name === "row" ? header.rows.length : header.columns.same.length;
        return isWhole(value, 0, count - 1);
      },
      this.host,
      {
        ...(header.row_axis === "layer" ? { row: layerRowLink(header.rows.map(layerNumber)) } : {}),
        ...(header.column_axis === "position" ? { col: slotLink(header.columns.at[0]) } : {}),
      },
    );
  }

  private arrange(): HTMLElement[] {
    const { header } = this.spec;
    const show = picker(this.choices, "show", "Show", [
      ["difference", "difference"],
      ["first", header.names[0]],
      ["second", header.names[1]],
    ]);
    const picture = card(
      header.heading,
      header.about,
      [show, this.quantityControl()],
      this.grid.element,
      this.legend,
      sentence(header.sentence),
    );
    if (header.lens !== "logit_lens") return [picture, this.panel];
    const words =
      "Difference of the two residual states at the chosen token, as a share of their mean norm: 0 is the same state, 2 the opposite one.";
    const part = card("How far apart their states are", words, [], this.divergence, this.curve);
    return [picture, this.panel, part];
  }

  private quantityControl(): HTMLElement {
    const select = element("select", { "aria-label": "Quantity" });
    select.append(
      ...this.spec.header.quantities.map((quantity) =>
        element("option", { value: quantity.name, title: quantity.words }, quantityName(quantity)),
      ),
    );
    select.addEventListener("change", () => this.choices.set({ quantity: select.value }));
    const show = (): void => {
      select.value = this.choices.get("quantity");
    };
    this.choices.subscribe(show);
    show();
    return select;
  }

  private shown(): Shown {
    return this.choices.get("show") as Shown;
  }

  private model() {
    return this.cells.model(this.choices.get("quantity"), this.shown(), this.host.theme.scheme);
  }

  private place(): Place {
    const row = this.cells.flip(this.choices.number("row"));
    return { row, col: this.choices.number("col") };
  }

  private showGrid(): void {
    this.grid.show(this.model(), this.cells.isOverview);
    this.grid.recolour();
    this.legend.replaceChildren(this.makeLegend());
  }

  private makeLegend(): HTMLElement {
    const { scheme } = this.host.theme;
    const quantity = this.cells.quantity(this.choices.get("quantity"));
    if (this.shown() !== "difference") {
      const ramp = quantity.strong === "low" ? "teal" : "clay";
      return legend({ ...quantity, ramp }, scheme, this.marks(), { below: false, above: true });
    }
    const most = this.cells.told(quantity.name, "difference", quantity.gap).replace("+", "");
    const made = signedLegend(
      this.spec.header.names,
      most,
      `${quantity.words}, square-root shading`,
      scheme,
    );
    for (const [style, meaning] of this.marks()) {
      const swatch = element("span", { class: `swatch ${style}` });
      made.append(element("span", {}, swatch, meaning));
    }
    return made;
  }

  private marks(): readonly (readonly [string, string])[] {
    if (this.spec.header.lens !== "logit_lens") return [];
    return [["is-ring", "the top tokens differ"]];
  }

  private hover(place: Place | null): void {
    this.hovered = place;
    this.grid.setHover(place);
    this.point(false);
  }

  private point(reveal: boolean): void {
    const chosen = this.place();
    const at = this.hovered ?? chosen;
    if (reveal) this.grid.select(chosen, true);
    this.panel.replaceChildren(...readout(this.cells, this.cells.flip(at.row), at.col));
    this.chart?.choose(this.choices.number("row"));
  }

  private showCurve(): void {
    const col = this.choices.number("col");
    const chart = distanceChart(this.cells, col);
    this.divergence.textContent = divergenceWords(this.cells, col);
    if (!chart) {
      this.chart = null;
      const words = "The residual states have no difference here: see the notes below.";
      this.curve.replaceChildren(element("p", { class: "hint" }, words));
      return;
    }
    const focused = this.curve.contains(document.activeElement);
    this.chart = new LineChart(chart, this.host.theme.scheme, {
      hover: () => {},
      choose: (row) => this.choices.set({ row: String(row) }),
    });
    this.curve.replaceChildren(this.chart.element);
    if (focused) this.chart.element.focus();
  }
}
