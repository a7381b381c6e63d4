import { card, sentence } from "../../parts/card";
import { element } from "../../parts/dom";
import { picker } from "../../parts/picker";
import { savePicture, type Saved } from "../../parts/savepicture";
import { paletteOf } from "../../parts/theme";
import type { Context } from "./context";
import { blockControl, firstButton, massControl } from "./controls";
import { layerControl } from "./layercontrol";
import { HeadChips, inkOf } from "./headchips";
import { headPanel } from "./headtable";
import type { HeadAt } from "./heads";
import { HeadPane } from "./pane";
import { tokenPanels } from "./panel";
import { origin, weightRows } from "./saving";
import type { Strand } from "./strands";
import type { Token } from "./tokens";
import { missingWords, VIEWS } from "./words";

/** The heads of one layer as lines of their colours between two columns of tokens. */
export class HeadView {
  readonly cards: readonly HTMLElement[];
  private readonly pane: HeadPane;
  private readonly chips: HeadChips;
  private readonly title = element("h2");
  private readonly drawn = element("p", { class: "about", "aria-live": "polite" });
  private readonly absent = element("p", { class: "hint" });
  private readonly panel = element("div", { class: "head-panel", "aria-live": "polite" });
  private strands: Strand[] = [];

  constructor(private readonly context: Context) {
    const { focus, header, heads, choices } = context;
    this.chips = new HeadChips(heads, choices, (head) =>
      context.store.has({ layer: context.head.layer, head }),
    );
    this.pane = new HeadPane(header, {
      hover: (token) => this.hover(token),
      choose: (token, add) => focus.choose(token, add),
      move: (token) => focus.move(token),
      release: () => focus.release(),
      cell: () => {},
    });
    this.cards = [this.arrange()];
  }

  /** The heads of the layer that are on. */
  get wanted(): HeadAt[] {
    const { layer } = this.context.head;
    return this.chips.on.map((head) => ({ layer, head }));
  }

  show(): void {
    this.recolour();
    this.showTokens(true);
  }

  update(changed: (...names: string[]) => boolean): void {
    if (changed("head", "on", "first", "mass", "part")) this.showHeads();
    else if (changed("at", "key", "side", "pins", "focus")) this.showTokens(true);
  }

  /** Draws the heads that are on and here. */
  showHeads(): void {
    const { context } = this;
    const { heads, header, block } = context;
    const layer = header.layers[context.head.layer]!;
    this.title.textContent = header.aggregate ? heads.name(context.head) : `Layer ${layer}`;
    const masses: number[] = [];
    this.strands = [];
    for (const at of this.wanted) {
      const weights = context.weights(at);
      if (!weights) continue;
      const ink = inkOf(at.head, context.scheme);
      const { strand, mass } = context.strand(String(header.heads[at.head]!), weights, ink);
      this.strands.push(strand);
      masses.push(mass);
    }
    this.pane.showLines({ strands: this.strands, block, focus: context.focus.tokens });
    this.tell(masses);
    this.tellAbsent();
    this.showTokens(false);
  }

  /** Puts the tokens that are looked at in focus; scrolls to the last when `reveal`. */
  showTokens(reveal: boolean): void {
    const { focus } = this.context;
    this.pane.focus(focus.tokens, focus.cursor, reveal);
    this.showPanel(focus.tokens ?? [focus.cursor]);
  }

  recolour(): void {
    this.chips.recolour(this.context.scheme);
    this.showHeads();
    this.pane.recolour();
  }

  dispose(): void {
    this.pane.dispose();
  }

  private arrange(): HTMLElement {
    const { header, choices } = this.context;
    const chips = header.aggregate ? null : this.chips.element;
    if (chips) this.title.className = "visually-hidden"; // the layer stands in its control
    const controls = element(
      "div",
      { class: "layer-row" },
      layerControl(this.context),
      this.title,
      chips,
    );
    const one = element("div", {}, controls);
    one.append(
      element("div", { class: "controls is-quiet" }, massControl(choices, header)),
      ...blockControl(choices, header),
      this.pane.element,
      this.drawn,
      this.absent,
    );
    const whole = card(
      header.heading,
      header.about,
      [
        picker(choices, "view", "View", VIEWS),
        firstButton(choices, header),
        savePicture(() => this.saved()),
      ],
      element("div", { class: "looked is-heads" }, one, this.panel),
      element("p", { class: "hint" }, header.encoding),
      missingWords(header),
      sentence(header.sentence),
    );
    whole.classList.add("is-wide");
    return whole;
  }

  private tell(masses: readonly number[]): void {
    const mean = masses.reduce((sum, mass) => sum + mass, 0) / masses.length;
    if (!this.chips.on.length) this.drawn.textContent = "No head is on: choose one above.";
    else if (!masses.length) this.drawn.textContent = "";
    else this.drawn.textContent = this.context.linesWords(mean) + this.meanWords(masses.length);
  }

  private meanWords(count: number): string {
    const pinned = this.context.focus.tokens?.length ?? 0;
    const several = pinned > 1 ? " and of what is pinned on the other side" : "";
    if (count < 2) return "";
    return ` A number beside a column is the mean of the ${count} heads shown${several}; its boxes are the heads.`;
  }

  private tellAbsent(): void {
    const { store } = this.context;
    const absent = this.wanted.filter((at) => !store.has(at) || store.problem(at));
    this.absent.hidden = absent.length === 0;
    if (!absent.length) return;
    const which = absent.map(({ head }) => this.context.header.heads[head]!).join(", ");
    this.absent.replaceChildren(`Not drawn: heads ${which}. `, ...this.context.absence(absent));
  }

  private showPanel(tokens: readonly Token[]): void {
    this.panel.hidden = this.strands.length === 0;
    const { header } = this.context;
    this.panel.replaceChildren(
      ...tokenPanels(tokens, (token) => headPanel(header, this.strands, token)),
    );
  }

  private hover(token: Token | null): void {
    this.pane.hover(token);
    const { focus } = this.context;
    this.showPanel(token ? [token] : (focus.tokens ?? [focus.cursor]));
  }

  private saved(): Saved {
    const { context } = this;
    const { header, block } = context;
    const shown = this.wanted.flatMap((at) => {
      const weights = context.weights(at);
      const strand = this.strands.find((one) => one.weights === weights) ?? null;
      return weights ? [{ at, weights, strand }] : [];
    });
    const name = this.title.textContent;
    return {
      name: `attention-layer${header.layers[context.head.layer]!}`,
      sheet: {
        title: `${header.heading}: ${name.toLowerCase()}`,
        words: [header.about, this.drawn.textContent, ...origin(header)],
        keys: this.strands.map(({ name, colour, dash }) => ({
          colour,
          dash,
          words: `head ${name}`,
        })),
        plates: [{ caption: name, plate: this.pane.plate() }],
        palette: paletteOf(this.panel),
      },
      rows: () => weightRows(header, shown, block, context.focus.tokens),
    };
  }
}
