import { card, sentence } from "../parts/card";
import { Choices, isWhole, type Link } from "../parts/choices";
import { button, chip, element, press } from "../parts/dom";
import { percent, quantity } from "../parts/format";
import { hue } from "../parts/hues";
import { sparkline } from "../parts/sparkline";
import { chipsOf, TokenStrip } from "../parts/strip";
import type { FactorsHeader } from "../spec/headers";
import { arrayOf, type Spec } from "../spec/spec";
import { FactorCells } from "./factors/cells";
import { factorsTable, overlapTable } from "./factors/tables";
import type { Host } from "./host";
import { pageView, wide, type Page } from "./page";

/** Factors: a sparkline each on the left, the tokens painted by them on the right. */
export const factorsView = pageView<FactorsHeader>((spec, host) => new FactorsPage(spec, host));

/** Percent of a hue behind a chip at the factor's largest: its text stays readable on all hues. */
const STRONGEST = { light: 64, dark: 42 } as const;

const FULL = "A colour is at its strongest where its factor has its largest activation.";

class FactorsPage implements Page {
  readonly cards: readonly HTMLElement[];
  private readonly cells: FactorCells;
  private readonly choices: Choices;
  private readonly strip: TokenStrip;
  private readonly list = element("div", { class: "factor-list", role: "group" });
  private readonly detail = element("div", { class: "factor-detail", "aria-live": "polite" });
  private readonly all = button(
    "strongest factor",
    () => this.choices.set({ factor: "all" }),
    true,
  );
  private rows: HTMLButtonElement[] = [];
  /** The factor and the token under the pointer. */
  private overFactor: number | null = null;
  private overToken: number | null = null;

  constructor(
    private readonly spec: Spec<FactorsHeader>,
    private readonly host: Host,
  ) {
    const { header } = spec;
    this.cells = new FactorCells(header, arrayOf(spec, "activation"));
    const { count, tokens } = this.cells;
    this.choices = new Choices(
      { factor: "all", at: String(tokens - 1) },
      (name, value) =>
        name === "factor"
          ? value === "all" || isWhole(value, 0, count - 1)
          : isWhole(value, 0, tokens - 1),
      host,
      { at: tokenLink(header) },
    );
    this.list.setAttribute("aria-label", "Factors");
    this.strip = new TokenStrip("The tokens, painted by factor", chipsOf(header), {
      hover: (at) => this.hoverToken(at),
      choose: (at) => this.choices.set({ at: String(at) }),
      move: (at) => this.choices.set({ at: String(at) }),
      release: () => this.choices.set({ factor: "all" }),
    });
    this.cards = this.arrange();
    this.choices.subscribe(() => this.show());
  }

  start(): void {
    this.recolour();
  }

  /** Draws the sparklines anew (their colours follow the theme), then the rest. */
  recolour(): void {
    const { scheme } = this.host.theme;
    this.rows = Array.from({ length: this.cells.count }, (_, factor) => {
      const node = button("", () => this.chooseFactor(factor), false);
      node.className = "factor";
      const colour = hue(factor, scheme);
      const name = element("span", { class: "factor-name" }, `${factor}`);
      name.style.color = colour;
      node.append(
        name,
        sparkline(this.cells.row(factor), this.cells.top(factor), colour),
        element("span", { class: "amount" }, percent(this.spec.header.share[factor]!)),
      );
      node.title = `Factor ${factor}: ${percent(this.spec.header.share[factor]!)} of what is reproduced`;
      node.addEventListener("pointerenter", () => this.hoverFactor(factor));
      node.addEventListener("pointerleave", () => this.hoverFactor(null));
      node.addEventListener("focus", () => this.hoverFactor(factor));
      node.addEventListener("blur", () => this.hoverFactor(null));
      return node;
    });
    this.list.replaceChildren(...this.rows);
    this.show();
  }

  dispose(): void {
    this.choices.dispose();
  }

  private arrange(): HTMLElement[] {
    const { header } = this.spec;
    const { all } = this;
    all.title = "Paint each token by its strongest factor";
    const pair = element("div", { class: "factor-pair" }, this.list, this.strip.element);
    const picture = card(
      header.heading,
      header.about,
      [all],
      pair,
      this.detail,
      element("p", { class: "hint" }, `${header.colouring} ${FULL} ${this.cells.gaps()}`),
      sentence(header.sentence),
    );
    const numbers = card(
      "How many neurons, and which blocks",
      "Neurons with any weight in a factor, how many carry half of it, and where they sit.",
      [],
      factorsTable(this.spec),
    );
    const overlap = card(
      "Neurons that factors share",
      "How many neurons have a weight in both.",
      [],
      overlapTable(this.spec),
    );
    return [picture, numbers, overlap].map(wide);
  }

  private chooseFactor(factor: number): void {
    const chosen = this.choices.get("factor");
    this.choices.set({ factor: chosen === String(factor) ? "all" : String(factor) });
  }

  private hoverFactor(factor: number | null): void {
    this.overFactor = factor;
    this.show();
  }

  private hoverToken(at: number | null): void {
    this.overToken = at;
    this.show();
  }

  private show(): void {
    const chosen = this.choices.get("factor");
    const factor = this.overFactor ?? (chosen === "all" ? null : Number(chosen));
    const at = this.overToken ?? this.choices.number("at");
    press(this.all, chosen === "all");
    this.rows.forEach((row, i) => press(row, String(i) === chosen));
    this.strip.repaint(this.tints(factor));
    this.strip.mark({
      chosen: this.choices.number("at"),
      follows: -1,
      hover: this.overToken ?? -1,
    });
    this.detail.replaceChildren(this.tokenWords(at));
  }

  private tints(factor: number | null): (string | null)[] {
    const strongest = STRONGEST[this.host.theme.scheme];
    return Array.from({ length: this.cells.tokens }, (_, i) => {
      const which = factor ?? this.cells.strongest(i);
      if (which < 0) return null;
      const share = this.cells.shareAt(which, i);
      const colour = hue(which, this.host.theme.scheme);
      return `color-mix(in srgb, ${colour} ${Math.round(strongest * share)}%, transparent)`;
    });
  }

  /** The chosen token's factors, strongest first. */
  private tokenWords(at: number): HTMLElement {
    const label = this.spec.header.inputs[at]!;
    const found = this.cells.factorsOf(at);
    const line = element("p", {}, chip(label, this.spec.header.produced[at] ? "out" : "in"), " ");
    if (!found.length) {
      line.append("no factor was active here.");
      return line;
    }
    const parts = found
      .slice(0, 6)
      .map(([factor, value]) => `factor ${factor}: ${quantity(value)}`);
    line.append(parts.join(" · "));
    return line;
  }
}

/** A token is coloured at a position: its own, or for an output the one that produced it. */
function tokenLink({ positions, produced }: FactorsHeader): Link {
  const readAt = (token: number): number => positions[token]! - (produced[token] ? 1 : 0);
  const all = positions.map((_, token) => readAt(token));
  return {
    read: ({ at }, now) => {
      if (at === null) return null;
      return readAt(Number(now)) === at ? now : String(all.lastIndexOf(at));
    },
    write: (value) => ({ at: readAt(Number(value)) }),
  };
}
