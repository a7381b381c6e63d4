import { card, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { button, element, enable } from "../parts/dom";
import { quantity, rank } from "../parts/format";
import { HeatGrid } from "../parts/heatgrid";
import { rampLegend } from "../parts/legend";
import type { WalkHeader, WalkStep } from "../spec/walk";
import { arrayOf, type Spec } from "../spec/spec";
import type { Host } from "./host";
import { wide, type Page } from "./page";
import { placedView, type Go } from "./placed";
import { cellsModel, cellsOf, FIRST, isWeights, largest, told, type Cells } from "./walk/cells";
import { candidates, experts } from "./walk/choices";
import { StackMap } from "./walk/map";
import { WholeMatrices } from "./walk/wholes";
import { Xray } from "./walk/xray";

const STAGES = {
  embedding: "Into the model",
  attention: "Attention",
  cross: "Attention to the source",
  mlp: "MLP",
  output: "Out",
};

/** A walk: one step at a time with its real numbers, a map of the stack, and the x-ray. */
export const walkView = placedView<WalkHeader>(
  {
    of: ({ at, layer }) => ({ at, layer }),
    question: ({ at, layer }) => ({ what: "walk", at, layer }),
    call: ({ at, layer }) => `ct.walk(trace, at=${at}, layer=${layer})`,
    follows: false,
  },
  (spec, host, go) => new WalkPage(spec, host, go),
);

class WalkPage implements Page {
  readonly cards: readonly HTMLElement[];
  private readonly choices: Choices;
  private readonly map: StackMap;
  private readonly xray: Xray;
  private readonly box = element("div", { class: "walk-step" });
  private readonly back = button("← back", () => this.go(this.at - 1));
  private readonly on = button("next →", () => this.go(this.at + 1));
  private readonly list = element("select", { "aria-label": "Step" });
  private readonly grid: HeatGrid;
  private readonly readout = element("p", { class: "about", "aria-live": "polite" });
  private readonly wholes: WholeMatrices;
  private cells: Cells | null = null;

  constructor(
    private readonly spec: Spec<WalkHeader>,
    private readonly host: Host,
    go: Go,
  ) {
    const { header } = spec;
    const last = header.steps.length - 1;
    this.choices = new Choices(
      { step: "0", show: "first" },
      (name, value) =>
        name === "step" ? isWhole(value, 0, last) : ["first", "all"].includes(value),
      host,
    );
    this.map = new StackMap(header, (step) => this.go(step));
    this.wholes = new WholeMatrices(spec);
    this.xray = new Xray(spec, go);
    this.grid = new HeatGrid(cellsModel(this.step, this.shown(), "light"), {
      hover: (place) => (place ? this.tell(place.row, place.col) : this.tellScale()),
      choose: ({ row, col }) => this.point(row, col),
      move: ({ row, col }) => this.point(row, col),
      release: () => {},
    });
    this.cards = [this.arrange(), this.xray.card];
    this.choices.subscribe(() => this.draw());
  }

  start(): void {
    this.recolour();
  }

  recolour(): void {
    this.draw();
    this.grid.recolour();
    this.xray.draw(this.host.theme.scheme);
  }

  dispose(): void {
    this.grid.dispose();
    this.xray.dispose();
    this.wholes.clear();
    this.choices.dispose();
  }

  private get at(): number {
    return this.choices.number("step");
  }

  private get step(): WalkStep {
    return this.spec.header.steps[this.at]!;
  }

  private go(step: number): void {
    const { steps } = this.spec.header;
    if (step >= 0 && step < steps.length) this.choices.set({ step: String(step), show: "first" });
  }

  private shown(): Cells {
    this.cells = cellsOf(this.spec, this.step, this.choices.get("show") === "all");
    return this.cells;
  }

  private arrange(): HTMLElement {
    const { header } = this.spec;
    for (const [stage, words] of Object.entries(STAGES)) {
      const group = element("optgroup", { label: words });
      header.steps.forEach((step, i) => {
        if (step.stage === stage) group.append(element("option", { value: i }, step.title));
      });
      if (group.childElementCount) this.list.append(group);
    }
    this.list.addEventListener("change", () => this.go(Number(this.list.value)));
    const body = element("div", { class: "walk" }, this.map.element, this.box);
    const picture = card(
      header.heading,
      header.about,
      [this.back, this.list, this.on],
      sentence(header.sentence),
      this.refused(),
      body,
    );
    picture.addEventListener("keydown", (event) => this.key(event));
    return wide(picture);
  }

  /** What could not be proven, in words. */
  private refused(): HTMLElement | null {
    const { refused } = this.spec.header;
    if (!refused.length) return null;
    const lines = refused.map(([part, why]) =>
      element("li", {}, element("b", {}, part.replaceAll("_", " ")), `: ${why}`),
    );
    return element(
      "div",
      { class: "problem" },
      "These parts are left out, for their numbers could not be proven:",
      element("ul", {}, ...lines),
    );
  }

  private key(event: KeyboardEvent): void {
    const inGrid = (event.target as HTMLElement).closest(".grid, select, input");
    if (inGrid || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = this.spec.header.steps.length - 1;
    const moves: Readonly<Record<string, number>> = {
      ArrowRight: this.at + 1,
      ArrowLeft: this.at - 1,
      Home: 0,
      End: last,
    };
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.go(next);
  }

  private draw(): void {
    const { header } = this.spec;
    const { step } = this;
    enable(this.back, this.at > 0);
    enable(this.on, this.at < header.steps.length - 1);
    this.list.value = String(this.at);
    this.map.show(step);
    this.wholes.clear();
    const held = this.box.matches(":focus-within");
    const title = element("h3", { class: "walk-title", tabindex: -1 }, step.title);
    this.box.replaceChildren(
      element(
        "p",
        { class: "about", "aria-live": "polite" },
        `Step ${this.at + 1} of ${header.steps.length} · ${STAGES[step.stage]}`,
      ),
      title,
      element("p", { class: "walk-formula" }, element("code", {}, step.formula)),
      this.facts(step),
      ...this.picture(step),
    );
    // What had the focus is another step's: arrow keys go on from the title.
    if (held && !this.box.matches(":focus-within")) title.focus();
    this.wholes.reveal();
  }

  /** Where the numbers come from, and how exactly they add up. */
  private facts(step: WalkStep): HTMLElement {
    const { steps } = this.spec.header;
    const inputs = step.inputs
      .map((name) => steps.findIndex((other) => other.name === name))
      .filter((i) => i >= 0)
      .map((i) => button(steps[i]!.name.replaceAll("_", " "), () => this.go(i)));
    const weights = Object.entries(step.weights)
      .map(([name, shape]) => `${name} ${shape.join(" × ")}`)
      .join(", ");
    const badge =
      step.gap === null
        ? element("span", { class: "pill" }, "recorded, not computed again")
        : element(
            "span",
            { class: "pill is-proven" },
            step.gap === 0 ? "adds up exactly" : `adds up to within ${quantity(step.gap)}`,
          );
    return element(
      "div",
      { class: "walk-facts" },
      inputs.length ? element("span", { class: "walk-inputs" }, "from ", ...inputs) : null,
      step.module ? element("span", {}, element("code", {}, step.module), ` ${weights}`) : null,
      badge,
    );
  }

  private picture(step: WalkStep): HTMLElement[] {
    if (step.axes[0] === "k") return [candidates(step, arrayOf(this.spec, `step:${step.name}`))];
    if (step.name === "router") return [experts(step, arrayOf(this.spec, `step:${step.name}`))];
    const { scheme } = this.host.theme;
    const cells = this.shown();
    const wideRows = ["key", "source"].includes(step.axes[1]!) && cells.cols <= 16;
    this.grid.show(cellsModel(step, cells, scheme), !wideRows);
    this.grid.select({ row: 0, col: 0 }, true);
    const parts = [this.grid.element, this.legend(step, cells), this.readout];
    const more = this.more(step);
    if (more) parts.push(more);
    if (["key_turned", "value_vector"].includes(step.name) && this.spec.header.cached) {
      parts.push(this.cached());
    }
    if (isWeights(step)) parts.push(...this.wholes.parts(step, scheme));
    this.tellScale();
    return parts;
  }

  private legend(step: WalkStep, cells: Cells): HTMLElement {
    const { scheme } = this.host.theme;
    if (isWeights(step)) {
      return rampLegend(scheme, ["0", "1"], [["clay", "right"]], "weight, square-root scale");
    }
    const most = quantity(largest(cells));
    const ramps = [
      ["teal", "left"],
      ["clay", "right"],
    ] as const;
    return rampLegend(
      scheme,
      [`−${most}`, `+${most}`],
      ramps,
      "square-root scale, 0 in the middle",
    );
  }

  private more(step: WalkStep): HTMLElement | null {
    const { shape } = arrayOf(this.spec, `step:${step.name}`);
    if (shape.length !== 1 || shape[0]! <= FIRST) return null;
    const all = this.choices.get("show") === "all";
    const words = all ? `show the first ${FIRST}` : `show all ${rank(shape[0]!)} numbers`;
    const node = button(words, () => {
      this.choices.set({ show: all ? "first" : "all" });
      this.box.querySelector<HTMLElement>(".walk-more")?.focus(); // the one drawn in its place
    });
    node.classList.add("walk-more");
    return node;
  }

  private cached(): HTMLElement {
    const { cached, bytes, positions } = this.spec.header;
    return element(
      "p",
      { class: "hint" },
      `At the next step this is not computed again: the key-value cache keeps key and value, ` +
        `${rank(cached)} numbers (${rank(cached * bytes)} bytes) per token in this block, ` +
        `${rank(cached * bytes * positions.length)} bytes for this text.`,
    );
  }

  private point(row: number, col: number): void {
    this.grid.select({ row, col }, true);
    this.tell(row, col);
  }

  private tell(row: number, col: number): void {
    const value = this.cells?.at(row, col) ?? NaN;
    if (Number.isNaN(value)) return this.tellScale();
    const words = value === -Infinity ? "masked" : told(this.step, value);
    this.readout.textContent = `${this.cells!.name(row, col)} = ${words}`;
  }

  private tellScale(): void {
    this.readout.textContent = "Point at a number, or move with the arrow keys.";
  }
}
