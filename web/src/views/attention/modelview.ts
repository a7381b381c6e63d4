import { card, sentence } from "../../parts/card";
import type { Values } from "../../parts/choices";
import { element } from "../../parts/dom";
import { picker } from "../../parts/picker";
import { savePicture, type Saved } from "../../parts/savepicture";
import { paletteOf } from "../../parts/theme";
import { Comparison } from "./comparison";
import type { Context } from "./context";
import { filterControl, firstButton, keptBy, sortControl } from "./controls";
import { Enlarged } from "./enlarged";
import type { HeadAt } from "./heads";
import { figureList, tokenPanel, tokenPanels } from "./panel";
import { origin, weightRows } from "./saving";
import { Thumbnails } from "./thumbnails";
import type { Token } from "./tokens";
import { missingWords, VIEWS } from "./words";

/** Every head of the model as a thumbnail, one enlarged, one to compare it with. */
export class ModelView {
  readonly cards: readonly HTMLElement[];
  private readonly thumbnails: Thumbnails;
  private readonly enlarged: Enlarged;
  private readonly comparison: Comparison;
  private readonly pointed = element("p", { class: "about", "aria-live": "polite" });
  private readonly shading = element("p", { class: "hint" });
  private readonly panel = element("section", { class: "card", "aria-live": "polite" });
  private readonly figures = element("section", { class: "card" });

  constructor(private readonly context: Context) {
    const { choices, heads } = context;
    this.thumbnails = new Thumbnails(heads, {
      point: (at) => this.tellHead(at ?? context.head),
      choose: (at) => choices.set({ head: heads.code(at) }),
      pin: (at) => this.pin(at),
    });
    const hover = (token: Token | null): void => this.hover(token);
    this.enlarged = new Enlarged(context, hover);
    this.comparison = new Comparison(context, hover);
    this.cards = [this.arrange(), this.comparison.card, this.panel, this.figures];
  }

  /** The heads that are shown at full size. */
  get wanted(): HeadAt[] {
    const { head, versus } = this.context;
    return versus ? [head, versus] : [head];
  }

  /** Draws all of it. */
  show(): void {
    this.recolour();
    this.arrangeGrid();
    this.showTokens(true);
  }

  /** After choices have changed. */
  update(changed: (...names: string[]) => boolean): void {
    if (changed("sort", "by", "least")) this.arrangeGrid();
    if (changed("first")) this.recolour();
    else if (changed("head", "versus", "form", "mass", "part")) this.showHeads();
    else if (changed("at", "key", "side", "pins", "focus")) this.showTokens(true);
  }

  /** Weights have come. */
  showHeads(): void {
    const { context } = this;
    this.thumbnails.choose(context.head, context.versus);
    this.enlarged.show();
    this.comparison.show();
    this.figures.replaceChildren(...figureList(context.heads, context.head));
    this.tellHead(context.head);
    this.showTokens(false);
  }

  /** Puts the tokens that are looked at in focus; scrolls to the last when `reveal`. */
  showTokens(reveal: boolean): void {
    const { focus } = this.context;
    this.enlarged.pane.focus(focus.tokens, focus.cursor, reveal);
    if (this.context.versus) this.comparison.focus(focus.tokens, focus.cursor);
    this.showPanel(focus.tokens ?? [focus.cursor]);
  }

  recolour(): void {
    this.shading.textContent = `Thumbnails are shaded by ${this.context.shading}.`;
    this.thumbnails.colour(this.context.scheme, this.context.hidesFirst);
    this.showHeads();
    this.enlarged.pane.recolour();
    this.comparison.recolour();
  }

  dispose(): void {
    this.thumbnails.dispose();
    this.enlarged.pane.dispose();
    this.comparison.dispose();
  }

  private arrange(): HTMLElement {
    const { header, heads, choices } = this.context;
    const all = element(
      "div",
      {},
      filterControl(choices, heads),
      this.thumbnails.element,
      this.pointed,
      this.shading,
      element("p", { class: "hint" }, header.embedded),
      missingWords(header),
    );
    const whole = card(
      header.heading,
      header.about,
      [
        picker(choices, "view", "View", VIEWS),
        firstButton(choices, header),
        sortControl(choices, heads),
        savePicture(() => this.saved()),
      ],
      element("div", { class: "looked" }, all, this.enlarged.element),
      element("p", { class: "hint" }, header.encoding),
      sentence(header.sentence),
    );
    whole.classList.add("is-wide");
    return whole;
  }

  private arrangeGrid(): void {
    const { choices, heads } = this.context;
    this.thumbnails.arrange(choices.get("sort"), keptBy(choices, heads));
    this.tellHead(this.context.head);
  }

  private pin(at: HeadAt): void {
    const { choices, heads } = this.context;
    const code = heads.code(at);
    choices.set({ versus: choices.get("versus") === code ? "" : code });
  }

  private showPanel(tokens: readonly Token[]): void {
    const { weights } = this.enlarged;
    this.panel.hidden = weights === null;
    if (!weights) return;
    const { header } = this.context;
    this.panel.replaceChildren(
      ...tokenPanels(tokens, (token) => tokenPanel(header, weights, token)),
    );
  }

  private hover(token: Token | null): void {
    this.enlarged.pane.hover(token);
    this.comparison.hover(token);
    const { focus } = this.context;
    this.showPanel(token ? [token] : (focus.tokens ?? [focus.cursor]));
  }

  private tellHead(at: HeadAt): void {
    const { choices, heads, header } = this.context;
    const name = choices.get("sort") || choices.get("by") || header.opens_with;
    const f = heads.figureNamed(name);
    this.pointed.textContent = `${heads.name(at)}: ${name} ${heads.told(f, at)}`;
  }

  private saved(): Saved {
    const { context, enlarged } = this;
    const { header, heads, head, block } = context;
    const name = heads.name(head);
    const plate = enlarged.plate();
    const shown = enlarged.weights
      ? [{ at: head, weights: enlarged.weights, strand: enlarged.strand }]
      : [];
    return {
      name: `attention-${heads.code(head)}`,
      sheet: {
        title: `${header.heading}: all heads, and ${name.toLowerCase()}`,
        words: [header.about, enlarged.words, ...origin(header)],
        keys: [],
        plates: [
          { caption: this.orderWords(), plate: this.thumbnails.plate() },
          ...(plate ? [{ caption: name, plate }] : []),
        ],
        palette: paletteOf(this.panel),
      },
      rows: () => weightRows(header, shown, block, context.focus.tokens),
    };
  }

  private orderWords(): string {
    const sort = this.context.choices.get("sort");
    return sort ? `All heads by ${sort}, most first` : "All heads: layers down, heads across";
  }
}

export type Changed = (...names: string[]) => boolean;

/** Which choices differ. */
export function differing(now: Values, before: Values): Changed {
  return (...names) => names.some((name) => now[name] !== before[name]);
}
