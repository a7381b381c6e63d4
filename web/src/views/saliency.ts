import { card, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { element } from "../parts/dom";
import { Elsewhere } from "../parts/elsewhere";
import { percent } from "../parts/format";
import type { Place } from "../parts/geometry";
import { HeatGrid } from "../parts/heatgrid";
import { rampLegend } from "../parts/legend";
import { picker } from "../parts/picker";
import { sourceLink, targetLink } from "../parts/selection";
import { TokenStrip } from "../parts/strip";
import type { SaliencyHeader } from "../spec/headers";
import type { Spec } from "../spec/spec";
import type { Host } from "./host";
import { pageView, wide, type Page } from "./page";
import { isOverview, largestShare, matrixModel } from "./saliency/matrix";
import { readout } from "./saliency/readout";
import { chipsOf, SourceStrip } from "./saliency/strips";
import { Shares, type Piece, type Told, type Unit } from "./saliency/shares";
import { notExplained, hint } from "./saliency/words";

/** Saliency: pick a token that was said, and every earlier one carries its share in it. */
export const saliencyView = pageView<SaliencyHeader>((spec, host) => new SaliencyPage(spec, host));

/** How much of the accent lies behind the strongest chip: its text stays readable on it. */
const STRONGEST = { light: 60, dark: 42 } as const;
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  unit: ["tokens", "words"],
  detail: ["no", "yes"],
  layout: ["strip", "matrix"],
  pinned: ["no", "yes"],
};

class SaliencyPage implements Page {
  readonly cards: readonly HTMLElement[];
  private readonly shares: Shares;
  private readonly choices: Choices;
  private readonly grid: HeatGrid;
  private readonly largest: number;
  private readonly box = element("div", { class: "saliency-box" });
  private readonly key = element("div");
  private readonly elsewhere = new Elsewhere();
  private readonly panel = element("section", { class: "card readout", "aria-live": "polite" });
  private pieces: readonly Piece[] = [];
  private strip!: TokenStrip;
  private source!: SourceStrip;
  /** The chip under the pointer. */
  private hover: number | null = null;
  /** The source chosen in the matrix. */
  private col = 0;

  constructor(
    spec: Spec<SaliencyHeader>,
    private readonly host: Host,
  ) {
    this.shares = new Shares(spec);
    this.largest = largestShare(this.shares);
    const { targets, source } = spec.header;
    const start = { at: String(targets.at(-1)), unit: "tokens", detail: "no", layout: "strip" };
    this.choices = new Choices(
      { ...start, pinned: "no", source: "0" },
      (name, value) => {
        if (name === "source") return isWhole(value, 0, this.shares.before - 1);
        if (name !== "at") return ALLOWED[name]!.includes(value);
        return isWhole(value, 0, targets.at(-1)!) && targets.includes(Number(value));
      },
      host,
      { at: targetLink(spec.header), ...(source && { source: sourceLink(source.positions) }) },
    );
    this.grid = new HeatGrid(this.model(), {
      hover: (place) => this.hoverTarget(place && targets[place.row]!),
      choose: (place) => this.chooseCell(place, "yes"),
      move: (place) => this.chooseCell(place, this.choices.get("pinned")),
      release: () => this.choices.set({ pinned: "no" }),
    });
    this.cards = this.arrange();
    this.choices.subscribe((now, before) => {
      if (now["unit"] !== before["unit"]) this.layStrip();
      if (now["layout"] !== before["layout"]) this.swap();
      this.show();
    });
  }

  start(): void {
    this.colourKey();
    this.layStrip();
    this.swap();
    this.show();
  }

  recolour(): void {
    this.grid.show(this.model(), isOverview(this.shares));
    this.grid.recolour();
    this.colourKey();
    this.show();
  }

  dispose(): void {
    this.grid.dispose();
    this.choices.dispose();
  }

  private arrange(): HTMLElement[] {
    const { header } = this.shares;
    const unit = picker(this.choices, "unit", "Merge sub-word pieces", [
      ["tokens", "tokens"],
      ["words", "words"],
    ]);
    const detail = picker(this.choices, "detail", "Percentages", [
      ["no", "colours"],
      ["yes", "with percentages"],
    ]);
    const layout = picker(this.choices, "layout", "Layout", [
      ["strip", "strip"],
      ["matrix", "all targets"],
    ]);
    const picture = card(
      header.heading,
      header.about,
      [layout, unit, detail],
      this.elsewhere.element,
      this.box,
      element("p", { class: "hint" }, hint(header)),
      // It is of the last target; a report tells of the token that is picked.
      this.host.nested ? null : sentence(header.sentence),
    );
    const terms = header.terms.flatMap(([name, words]) => [
      element("dt", {}, name),
      element("dd", {}, words),
    ]);
    const meaning = card(
      "What the numbers are",
      header.method,
      [],
      element("dl", { class: "provenance" }, ...terms),
    );
    return [picture, this.panel, wide(meaning)];
  }

  private colourKey(): void {
    const ends = ["0 %", percent(this.largest)] as const;
    const words = "share of the column's token in the row's target";
    const { scheme } = this.host.theme;
    this.key.replaceChildren(rampLegend(scheme, ends, [["clay", "right"]], words));
  }

  private model() {
    return matrixModel(this.shares, this.largest, this.host.theme.scheme);
  }

  /** The strip anew: its chips are tokens or words. */
  private layStrip(): void {
    this.hover = null;
    const unit = this.choices.get("unit") as Unit;
    this.pieces = this.shares.pieces(unit);
    this.source = new SourceStrip(this.shares.sources(unit), this.choices);
    this.strip = new TokenStrip("The tokens, coloured by their share", chipsOf(this.pieces), {
      hover: (index) => this.hoverChip(index),
      choose: (index) => this.choose(index),
      move: (index) => this.move(index),
      release: () => this.choices.set({ pinned: "no" }),
    });
    if (this.choices.get("layout") === "strip") this.swap();
  }

  private swap(): void {
    const strip = this.choices.get("layout") === "strip";
    const strips = this.source.above(this.strip.element);
    this.box.replaceChildren(...(strip ? strips : [this.grid.element, this.key]));
    if (!strip) this.grid.show(this.model(), isOverview(this.shares));
  }

  private hoverChip(index: number | null): void {
    const target = index !== null && this.isTarget(index) ? index : null;
    if (target === this.hover) return;
    this.hover = target;
    this.show();
  }

  private hoverTarget(target: number | null): void {
    this.hoverChip(target === null ? null : this.chipOf(target));
  }

  private chooseCell({ row, col }: Place, pinned: string): void {
    this.col = col;
    const source = col < this.shares.before ? { source: String(col) } : {};
    this.choices.set({ at: String(this.shares.header.targets[row]), pinned, ...source });
    this.show();
  }

  /** A click on the pinned target lets it go. */
  private choose(index: number): void {
    if (!this.isTarget(index)) return;
    const again = index === this.chosen() && this.choices.get("pinned") === "yes";
    this.choices.set({ at: this.atOf(index), pinned: again ? "no" : "yes" });
  }

  /** To the nearest target in the direction of the key; there is none between targets. */
  private move(index: number): void {
    const found = this.pieces.map((_, i) => i).filter((i) => this.isTarget(i));
    const ahead = found.filter((i) => i >= index);
    const behind = found.filter((i) => i <= index);
    const target = index > this.chosen() ? (ahead[0] ?? found.at(-1)) : (behind.at(-1) ?? found[0]);
    if (target !== undefined) this.choices.set({ at: this.atOf(target) });
  }

  private isTarget(index: number): boolean {
    const piece = this.pieces[index];
    return piece !== undefined && this.shares.rowsOf(piece).length > 0;
  }

  /** The last target that a chip stands for. */
  private atOf(index: number): string {
    const row = this.shares.rowsOf(this.pieces[index]!).at(-1)!;
    return String(this.shares.header.targets[row]);
  }

  private chipOf(target: number): number {
    return this.pieces.findIndex((piece) => piece.positions.includes(target));
  }

  private chosen(): number {
    return this.chipOf(this.choices.number("at"));
  }

  private show(): void {
    const chosen = this.chosen();
    const pinned = this.choices.get("pinned") === "yes";
    const shown = pinned ? chosen : (this.hover ?? chosen);
    const piece = this.pieces[shown]!;
    const pieces = [...this.source.pieces, ...this.pieces];
    const told = this.shares.told(pieces, piece);
    const [tints, notes] = [this.tints(told), this.notes(told)];
    const before = this.source.pieces.length;
    this.source.show(tints.slice(0, before), notes.slice(0, before));
    this.strip.repaint(tints.slice(before), notes.slice(before));
    this.strip.mark({ chosen, follows: -1, hover: shown === chosen ? -1 : shown });
    this.strip.element.classList.toggle("is-pinned", pinned);
    const row = this.shares.rowsOf(piece).at(-1)!;
    this.grid.select({ row, col: this.col }, shown === chosen);
    this.panel.replaceChildren(...readout(this.shares, pieces, piece, told));
    this.elsewhere.tell(notExplained(this.shares.header, this.host.selection?.picked.at ?? null));
  }

  private tints(told: readonly (Told | null)[]): (string | null)[] {
    const most = Math.max(...told.map((numbers) => numbers?.share || 0)) || 1;
    const strongest = STRONGEST[this.host.theme.scheme];
    return told.map((numbers) => {
      const part = numbers ? Math.round((strongest * (numbers.share || 0)) / most) : 0;
      return part ? `color-mix(in srgb, var(--accent) ${part}%, transparent)` : null;
    });
  }

  private notes(told: readonly (Told | null)[]): string[] {
    if (this.choices.get("detail") === "no") return [];
    return told.map((numbers) => (numbers ? percent(numbers.share) : ""));
  }
}
