import { tableBox } from "../parts/candidates";
import { card, provenance, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { button, chip, element, press } from "../parts/dom";
import { percent, quantity } from "../parts/format";
import { hue } from "../parts/hues";
import { masthead } from "../parts/masthead";
import { sparkline } from "../parts/sparkline";
import { chipsOf, TokenStrip } from "../parts/strip";
import type { FactorsHeader } from "../spec/headers";
import { arrayOf, type Spec } from "../spec/spec";
import { FactorCells } from "./factors/cells";
import { factorsTable, overlapTable } from "./factors/tables";
import type { Host, View } from "./host";

/** Factors: a sparkline each on the left, the tokens painted by them on the right. */
export const factorsView: View = (anySpec, root, host) => {
  const spec = anySpec as Spec<FactorsHeader>;
  const page = new FactorsPage(spec, host);
  root.append(masthead(spec.header, host.theme), page.element);
  const stop = host.theme.subscribe(() => page.repaint());
  return () => {
    stop();
    page.dispose();
    root.replaceChildren();
  };
};

class FactorsPage {
  readonly element: HTMLElement;
  private readonly cells: FactorCells;
  private readonly choices: Choices;
  private readonly strip: TokenStrip;
  private readonly list = element("div", { class: "factor-list", role: "group" });
  private readonly detail = element("div", { class: "factor-detail", "aria-live": "polite" });
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
      host.address,
    );
    this.list.setAttribute("aria-label", "Factors");
    this.strip = new TokenStrip("The tokens, painted by factor", chipsOf(header), {
      hover: (at) => this.hoverToken(at),
      choose: (at) => this.choices.set({ at: String(at) }),
      move: (at) => this.choices.set({ at: String(at) }),
      release: () => this.choices.set({ factor: "all" }),
    });
    this.element = this.arrange();
    this.choices.subscribe(() => this.show());
    this.repaint();
  }

  /** Draws the sparklines anew (their colours follow the theme), then the rest. */
  repaint(): void {
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

  private arrange(): HTMLElement {
    const { header } = this.spec;
    const all = button("strongest factor", () => this.choices.set({ factor: "all" }));
    all.title = "Paint each token by its strongest factor";
    const pair = element("div", { class: "factor-pair" }, this.list, this.strip.element);
    const picture = card(
      header.heading,
      header.about,
      [all],
      pair,
      this.detail,
      element("p", { class: "hint" }, `${header.colouring} ${this.cells.gaps()}`),
      sentence(header.sentence),
    );
    const numbers = card(
      "How many neurons, and which blocks",
      "Neurons with any weight in a factor, how many carry half of it, and where they sit.",
      [],
      tableBox("Factors in numbers", factorsTable(this.spec)),
    );
    const overlap = card(
      "Neurons that factors share",
      "How many neurons have a weight in both.",
      [],
      tableBox("Overlap of factors", overlapTable(this.spec)),
    );
    for (const section of [picture, numbers, overlap]) section.classList.add("is-wide");
    return element("main", { class: "board" }, picture, numbers, overlap, provenance(header));
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
    return Array.from({ length: this.cells.tokens }, (_, i) => {
      const which = factor ?? this.cells.strongest(i);
      if (which < 0) return null;
      const share = this.cells.shareAt(which, i);
      const colour = hue(which, this.host.theme.scheme);
      return `color-mix(in srgb, ${colour} ${Math.round(64 * share)}%, transparent)`;
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
