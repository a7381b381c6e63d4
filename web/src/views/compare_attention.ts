import { card, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { element } from "../parts/dom";
import { percent } from "../parts/format";
import type { Place } from "../parts/geometry";
import { HeatGrid } from "../parts/heatgrid";
import { picker } from "../parts/picker";
import { headLink, slotLink } from "../parts/selection";
import { points, signedLegend } from "../parts/signed";
import type { CompareAttentionHeader } from "../spec/compare";
import { SpecError, type Spec } from "../spec/spec";
import { paired, slotName } from "./compare/slots";
import { PairHeads, type HeadAt, type RankedBy } from "./compare_attention/heads";
import { Matrices } from "./compare_attention/matrices";
import { slotPanel } from "./compare_attention/panel";
import { ranking } from "./compare_attention/ranking";
import { absentNote, sidesOf } from "./compare_attention/sides";
import { Strips, type Slots } from "./compare_attention/strips";
import { PairWeights } from "./compare_attention/weights";
import type { Host } from "./host";
import { pageView, wide, type Page } from "./page";

/** Attention of two runs: the heads by how much they differ, one of them, one token of it. */
export const compareAttentionView = pageView<CompareAttentionHeader>(
  (spec, host) => new ComparePage(spec, host),
);

class ComparePage implements Page {
  readonly cards: readonly HTMLElement[];
  private readonly heads: PairHeads;
  private readonly choices: Choices;
  private readonly strips: Strips;
  private readonly grid: HeatGrid;
  private readonly matrices: Matrices;
  private readonly ranked = element("div", { class: "ranking" });
  private readonly pointed = element("p", { class: "about", "aria-live": "polite" });
  private readonly title = element("h2");
  private readonly picture = element("div");
  private readonly legend = element("div");
  private readonly told = element("p", { class: "about", "aria-live": "polite" });
  private readonly panel = element("section", { class: "card readout", "aria-live": "polite" });
  private weights: PairWeights | null = null;
  /** Which head's weights are on their way; those of others come too late. */
  private wanted = "";

  constructor(
    private readonly spec: Spec<CompareAttentionHeader>,
    private readonly host: Host,
  ) {
    const { header } = spec;
    this.heads = new PairHeads(spec);
    this.choices = this.makeChoices();
    this.strips = new Strips(header, {
      hover: (over) => this.showSlot({ ...this.slots(), ...over }),
      choose: (name, slot) => this.choices.set({ [name]: String(slot) }),
    });
    const pick = ({ row, col }: Place): void =>
      this.choices.set({ head: this.heads.code({ layer: row, head: col }) });
    this.grid = new HeatGrid(this.heads.model("mean", 0, host.theme.scheme), {
      hover: (place) => this.tellHead(place ? { layer: place.row, head: place.col } : this.head()),
      choose: pick,
      move: pick,
      release: () => {},
    });
    const cell = ({ row, col }: Place): void =>
      this.choices.set({ at: String(row), key: String(col) });
    this.matrices = new Matrices(header, {
      hover: (place) => this.hoverCell(place),
      choose: cell,
      move: cell,
      release: () => {},
    });
    this.cards = this.arrange();
  }

  start(): void {
    this.recolour();
    this.choices.subscribe((now, before) => {
      const changed = (...names: string[]): boolean =>
        names.some((name) => now[name] !== before[name]);
      if (changed("by") || (changed("at") && now["by"] === "token")) this.showHeads();
      if (changed("head")) this.showHead();
      if (changed("form")) this.showMatrices();
      if (changed("at", "key")) this.showSlot(this.slots());
      if (changed("at", "key")) this.matrices.select(this.cell(), true);
    });
  }

  recolour(): void {
    this.showHeads();
    this.showHead();
    this.matrices.recolour();
  }

  dispose(): void {
    this.grid.dispose();
    this.matrices.dispose();
    this.choices.dispose();
  }

  private makeChoices(): Choices {
    const { heads } = this;
    const { head, at, key } = heads.header.opens;
    const start = { head, at: String(at), key: String(key), form: "difference", by: "mean" };
    const { same, keys } = heads.header;
    const size = { at: same.length, key: (keys?.same ?? same).length };
    return new Choices(
      start,
      (name, value) => {
        if (name === "head") return heads.find(value) !== null;
        if (name === "form") return value === "difference" || value === "sides";
        if (name === "by") return value === "mean" || value === "token";
        return isWhole(value, 0, size[name as keyof typeof size] - 1);
      },
      this.host,
      { head: headLink(), at: slotLink(heads.header.at[0]) },
    );
  }

  private arrange(): HTMLElement[] {
    const { header } = this.spec;
    const first = wide(
      card(header.heading, header.about, [], ...this.strips.nodes, sentence(header.sentence)),
    );
    first.classList.add("slots");
    const by = picker(this.choices, "by", "Heads are ranked", [
      ["mean", "over all tokens"],
      ["token", "at the chosen token"],
    ]);
    const held = element("p", { class: "hint" }, header.embedded);
    const all = card(
      "Heads by how much they differ",
      "Total variation between the rows of the two runs, in percent; layers down, heads across, shaded by its square root up to the largest.",
      [by],
      element(
        "div",
        { class: "apart" },
        element("div", {}, this.grid.element, this.pointed, held),
        this.ranked,
      ),
    );
    const form = picker(this.choices, "form", "Form", [
      ["difference", "difference"],
      ["sides", "side by side"],
    ]);
    const head = element("div", { class: "card-head" }, this.title, form);
    const one = element("section", { class: "card" }, head, this.picture, this.legend, this.told);
    return [first, all, this.panel, wide(one)];
  }

  private head(): HeadAt {
    return this.heads.find(this.choices.get("head"))!;
  }

  private slot(): number {
    return this.choices.number("at");
  }

  private slots(): Slots {
    return { at: this.slot(), key: this.choices.number("key") };
  }

  private cell(): Place {
    const { at, key } = this.slots();
    return { row: at, col: key };
  }

  private by(): RankedBy {
    return this.choices.get("by") === "token" ? "token" : "mean";
  }

  /** The grid and the list of heads: in another order, or after another head was chosen. */
  private showHeads(): void {
    const { scheme } = this.host.theme;
    this.grid.show(this.heads.model(this.by(), this.slot(), scheme), false);
    this.grid.recolour();
    this.showRanking();
  }

  private showRanking(): void {
    const { scheme } = this.host.theme;
    const at = this.head();
    const focused = this.ranked.contains(document.activeElement);
    this.ranked.replaceChildren(
      ...ranking(this.heads, this.by(), this.slot(), at, scheme, (other) =>
        this.choices.set({ head: this.heads.code(other) }),
      ),
    );
    if (focused) this.ranked.querySelector<HTMLElement>("[aria-pressed=true]")?.focus();
    this.grid.select({ row: at.layer, col: at.head }, true);
    this.tellHead(at);
  }

  private showHead(): void {
    const at = this.head();
    this.showRanking();
    this.title.textContent = this.heads.name(at);
    this.wanted = this.heads.code(at);
    void this.fetch(at, this.wanted);
  }

  private async fetch(at: HeadAt, code: string): Promise<void> {
    try {
      const sides = await sidesOf(this.spec, this.heads, this.host.ask, at);
      if (this.wanted !== code) return;
      this.weights = new PairWeights(this.spec.header, sides, this.spec.header.causal);
      this.showMatrices();
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      if (this.wanted === code) this.showAbsent(error.message);
    }
  }

  private showMatrices(): void {
    if (!this.weights) return;
    const { scheme } = this.host.theme;
    if (this.picture.firstChild !== this.matrices.element)
      this.picture.replaceChildren(this.matrices.element);
    this.matrices.show(this.weights, this.choices.get("form"), scheme, this.cell());
    this.legend.replaceChildren(this.makeLegend());
    this.legend.hidden = false;
    this.matrices.recolour();
    this.showSlot(this.slots());
  }

  private makeLegend(): HTMLElement {
    const words = "queries down, keys across, square-root shading, numbers in percentage points";
    if (this.choices.get("form") === "difference")
      return signedLegend(this.spec.header.names, "100", words, this.host.theme.scheme);
    const plain = "Weights of either run: queries down, keys across, square-root shading.";
    return element("p", { class: "hint" }, plain);
  }

  private showAbsent(words: string): void {
    this.weights = null;
    this.picture.replaceChildren(absentNote(this.heads, this.head(), words));
    this.legend.hidden = true;
    this.showSlot(this.slots());
  }

  private showSlot(shown: Slots): void {
    this.strips.mark(this.slots(), shown);
    const head = this.heads.name(this.head());
    this.panel.replaceChildren(...slotPanel(this.spec.header, this.weights, shown, head));
    this.tellCell(this.cell());
  }

  private hoverCell(place: Place | null): void {
    this.matrices.hover(place);
    this.tellCell(place ?? this.cell());
  }

  private tellHead(at: HeadAt): void {
    const slot = this.slot();
    const here = this.heads.differs(at, "token", slot);
    const name = slotName(this.spec.header, slot);
    this.pointed.textContent =
      `${this.heads.name(at)}: ${percent(this.heads.differs(at, "mean", slot))} on average, ` +
      `${percent(this.heads.most(at))} at most` +
      (paired(this.spec.header, slot) ? `, ${percent(here)} at ${name}` : "");
  }

  private tellCell({ row, col }: Place): void {
    const { weights } = this;
    this.told.textContent = "";
    if (!weights) return;
    const { header } = this.spec;
    const [first, second] = [weights.at(0, row, col), weights.at(1, row, col)];
    const difference = weights.difference(row, col);
    const pair = `${slotName(header, row)} on ${slotName(header.keys ?? header, col)}`;
    const sides = `${header.names[0]} ${percent(first)}, ${header.names[1]} ${percent(second)}`;
    this.told.textContent =
      Number.isNaN(first) && Number.isNaN(second)
        ? `${pair}: could not see it`
        : `${pair}: ${sides}, difference ${points(difference)}`;
  }
}
