import { card } from "../../parts/card";
import type { Choices } from "../../parts/choices";
import { button, element, press } from "../../parts/dom";
import { HeatGrid } from "../../parts/heatgrid";
import { picker } from "../../parts/picker";
import type { AttentionHeader } from "../../spec/headers";
import type { Spec } from "../../spec/spec";
import type { Host } from "../host";
import { Columns, type Token } from "./columns";
import { Heads, type HeadAt } from "./heads";
import { headModel, isOverview } from "./matrix";
import { figureList, tokenPanel } from "./panel";
import { attentionChoices, MASS } from "./state";
import { Thumbnails } from "./thumbnails";
import { told, type HeadWeights } from "./weights";

/** The grid of heads, the head that is enlarged, and the token that is looked at, kept in step. */
export class AttentionPage {
  readonly cards: readonly HTMLElement[];
  private readonly heads: Heads;
  private readonly choices: Choices;
  private readonly thumbnails: Thumbnails;
  private readonly columns: Columns;
  private readonly matrix: HeatGrid;
  private readonly pointed = element("p", { class: "about", "aria-live": "polite" });
  private readonly title = element("h2");
  private readonly group = element("p", { class: "about" });
  private readonly picture = element("div");
  private readonly drawn = element("p", { class: "about", "aria-live": "polite" });
  private readonly panel = element("section", { class: "card", "aria-live": "polite" });
  private readonly figures = element("section", { class: "card" });
  private weights: HeadWeights | null = null;
  private share = 0;

  constructor(
    spec: Spec<AttentionHeader>,
    private readonly host: Host,
  ) {
    this.heads = new Heads(spec);
    const { heads } = this;
    this.choices = attentionChoices(heads, host);
    this.thumbnails = new Thumbnails(heads, {
      point: (at) => this.tellHead(at ?? this.head()),
      choose: (at) => this.choices.set({ head: heads.code(at) }),
    });
    this.columns = new Columns(heads.header, {
      hover: (token) => this.hover(token),
      choose: ({ side, at }) => this.choices.set({ side, at: String(at) }),
    });
    this.matrix = new HeatGrid(emptyModel, {
      hover: (place) => (place ? this.tellCell(place.row, place.col) : this.tellDrawn()),
      choose: ({ row, col }) => this.chooseCell(row, col),
      move: ({ row, col }) => this.chooseCell(row, col),
      release: () => {},
    });
    this.cards = [this.arrange(), this.panel, this.figures];
  }

  /** Draws everything; called when the cards are in the page. */
  start(): void {
    this.thumbnails.choose(this.head());
    this.thumbnails.arrange(this.choices.get("sort"));
    this.recolour();
    this.columns.choose(this.token(), true);
    this.choices.subscribe((now, before) => {
      const changed = (...names: string[]): boolean =>
        names.some((name) => now[name] !== before[name]);
      if (changed("sort")) this.thumbnails.arrange(now["sort"]!);
      if (changed("first")) this.recolour();
      else if (changed("head", "form", "mass")) this.showHead();
      if (changed("at", "side")) {
        this.columns.choose(this.token(), true);
        this.showToken(this.token());
      }
    });
  }

  recolour(): void {
    this.thumbnails.colour(this.host.theme.scheme, this.hidesFirst());
    this.columns.recolour();
    this.showHead();
    this.matrix.recolour();
  }

  dispose(): void {
    this.thumbnails.dispose();
    this.columns.dispose();
    this.matrix.dispose();
    this.choices.dispose();
  }

  private arrange(): HTMLElement {
    const { header } = this.heads;
    const first = button("hide first token and renormalise", () =>
      this.choices.set({ first: this.hidesFirst() ? "shown" : "hidden" }),
    );
    const show = (): void => press(first, this.hidesFirst());
    this.choices.subscribe(show);
    show();
    const all = element(
      "div",
      {},
      this.thumbnails.element,
      this.pointed,
      element("p", { class: "hint" }, header.embedded),
    );
    const one = element(
      "div",
      {},
      this.title,
      this.group,
      this.formControls(),
      this.picture,
      this.drawn,
    );
    const whole = card(
      header.heading,
      header.about,
      [first, this.sortControl()],
      element("div", { class: "looked" }, all, one),
      element("p", { class: "hint" }, header.encoding),
    );
    whole.classList.add("is-wide");
    return whole;
  }

  private sortControl(): HTMLElement {
    const select = element("select", { "aria-label": "Order of the heads" });
    select.append(
      element("option", { value: "" }, "layer by layer"),
      ...this.heads.header.figures.map(({ name, words }) =>
        element("option", { value: name, title: words }, `by ${name}`),
      ),
    );
    select.addEventListener("change", () => this.choices.set({ sort: select.value }));
    const show = (): void => {
      select.value = this.choices.get("sort");
    };
    this.choices.subscribe(show);
    show();
    return select;
  }

  private formControls(): HTMLElement {
    const form = picker(this.choices, "form", "Form", [
      ["lines", "lines"],
      ["matrix", "matrix"],
    ]);
    const slider = element("input", {
      type: "range",
      min: MASS.least,
      max: MASS.most,
      step: 5,
      "aria-label": "Share of each token's attention that is drawn, in percent",
    });
    slider.addEventListener("input", () => this.choices.set({ mass: slider.value }));
    const label = element("label", { class: "mass" }, "mass", slider);
    const show = (): void => {
      slider.value = this.choices.get("mass");
      label.hidden = this.choices.get("form") === "matrix";
    };
    this.choices.subscribe(show);
    show();
    return element("div", { class: "controls is-quiet" }, form, label);
  }

  private head(): HeadAt {
    return this.heads.find(this.choices.get("head"))!;
  }

  private token(): Token {
    const side = this.choices.get("side") === "key" ? "key" : "query";
    return { side, at: this.choices.number("at") };
  }

  private hidesFirst(): boolean {
    return this.choices.get("first") === "hidden";
  }

  private showHead(): void {
    const at = this.head();
    this.thumbnails.choose(at);
    this.title.textContent = this.heads.name(at);
    this.group.textContent = this.heads.group(at);
    this.figures.replaceChildren(...figureList(this.heads, at));
    this.tellHead(at);
    this.weights = this.heads.weights(at, this.hidesFirst());
    if (this.weights) this.showWeights(this.weights);
    else this.showAbsent(at);
    this.tellDrawn();
    this.showToken(this.token());
  }

  private showWeights(weights: HeadWeights): void {
    const { header } = this.heads;
    if (this.choices.get("form") === "matrix") {
      this.swap(this.matrix.element);
      const model = headModel(header, weights, this.host.theme.scheme);
      this.matrix.show(model, isOverview(header.inputs.length));
      return;
    }
    const { least, drawn } = weights.cut(this.choices.number("mass") / 100);
    this.share = drawn;
    this.swap(this.columns.element);
    this.columns.show(weights, least);
  }

  private swap(node: HTMLElement): void {
    if (this.picture.firstChild !== node) this.picture.replaceChildren(node);
  }

  private showAbsent(at: HeadAt): void {
    const { layers, heads } = this.heads.header;
    const code = `ct.attention(trace, layers=[${layers[at.layer]!}], heads=[${heads[at.head]!}])`;
    this.swap(
      element(
        "p",
        { class: "problem" },
        "This page holds no weights of this head. ",
        code,
        " has them.",
      ),
    );
  }

  private showToken(token: Token): void {
    this.panel.hidden = this.weights === null;
    if (!this.weights) return;
    this.panel.replaceChildren(...tokenPanel(this.heads.header, this.weights, token));
    this.matrix.select({ row: token.at, col: 0 }, false);
  }

  private hover(token: Token | null): void {
    this.columns.hover(token);
    this.showToken(token ?? this.token());
  }

  private chooseCell(row: number, col: number): void {
    this.choices.set({ at: String(row), side: "query" });
    this.matrix.select({ row, col }, true);
    this.tellCell(row, col);
  }

  private tellHead(at: HeadAt): void {
    const { figures, opens_with } = this.heads.header;
    const name = this.choices.get("sort") || opens_with;
    const f = figures.findIndex((figure) => figure.name === name);
    this.pointed.textContent = `${this.heads.name(at)}: ${name} ${this.heads.told(f, at)}`;
  }

  private tellCell(query: number, key: number): void {
    if (!this.weights) return;
    const { inputs } = this.heads.header;
    const weight = this.weights.at(query, key);
    const words = Number.isNaN(weight) ? "could not see it" : told(weight);
    this.drawn.textContent = `${inputs[query]!} on ${inputs[key]!}: ${words}`;
  }

  private tellDrawn(): void {
    if (!this.weights) this.drawn.textContent = "";
    else if (this.choices.get("form") === "matrix") {
      this.drawn.textContent =
        "Queries down, keys across; shaded by the square root of the weight.";
    } else {
      this.drawn.textContent =
        `${told(this.share)} of mass drawn, the largest weights of each token. A line's width grows ` +
        "with the weight, its opacity with the square root. Left looks, right is looked at.";
    }
  }
}

/** Before a head is shown. */
const edge = {
  name: "",
  tone: "ink",
  label: () => "",
  small: null,
  underlined: () => false,
} as const;
const emptyModel = {
  rows: 0,
  cols: 0,
  label: "",
  paint: () => null,
  text: () => "",
  ringed: () => false,
  rowLabel: () => "",
  above: edge,
  below: edge,
} as const;
