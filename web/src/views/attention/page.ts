import type { Choices } from "../../parts/choices";
import type { AttentionHeader } from "../../spec/headers";
import type { Spec } from "../../spec/spec";
import type { Host } from "../host";
import { Context } from "./context";
import { Focus } from "./focus";
import { Heads } from "./heads";
import { HeadView } from "./headview";
import { differing, ModelView } from "./modelview";
import { attentionChoices } from "./state";
import { HeadStore } from "./store";
import { countsOf } from "./tokens";

/** The grid of all heads and the heads of one layer: one of them is shown, and does all the work. */
export class AttentionPage {
  readonly cards: readonly HTMLElement[];
  private readonly store: HeadStore;
  private readonly choices: Choices;
  private readonly context: Context;
  /** The views that have been opened, and the one that stands on the page. */
  private readonly views: { model?: ModelView; heads?: HeadView } = {};
  private shown: ModelView | HeadView;
  private disposed = false;
  /** Whether the first weights have come: the chosen token is then scrolled to. */
  private arrived = false;

  constructor(spec: Spec<AttentionHeader>, host: Host) {
    const heads = new Heads(spec);
    this.store = new HeadStore(spec, heads, host.ask);
    this.choices = attentionChoices(heads, this.store, host);
    const focus = new Focus(this.choices, countsOf(spec.header));
    this.context = new Context(heads, this.store, this.choices, focus, host);
    this.shown = this.chosen;
    this.cards = this.shown.cards;
  }

  /** Draws everything; called when the cards are in the page. */
  start(): void {
    this.open();
    this.choices.subscribe((now, before) => {
      const changed = differing(now, before);
      if (changed("view", "head", "versus", "on")) this.store.retry();
      if (changed("view")) this.open();
      else this.shown.update(changed);
      this.fetch();
      // A token picked here comes with its side: else it was picked elsewhere on the page.
      const isAway = now["side"] === "key" || now["focus"] === "all";
      if (changed("at") && isAway) this.context.focus.follow();
    });
  }

  recolour(): void {
    this.shown.recolour();
  }

  dispose(): void {
    this.disposed = true;
    this.views.model?.dispose();
    this.views.heads?.dispose();
    this.choices.dispose();
  }

  /** The view that is chosen; made when it is first opened. */
  private get chosen(): ModelView | HeadView {
    return this.choices.get("view") === "heads"
      ? (this.views.heads ??= new HeadView(this.context))
      : (this.views.model ??= new ModelView(this.context));
  }

  private open(): void {
    const before = this.shown;
    this.shown = this.chosen;
    if (this.shown !== before) {
      const first = before.cards[0]!;
      const focused = first.contains(document.activeElement);
      first.before(...this.shown.cards);
      for (const card of before.cards) card.remove();
      if (focused) viewButton(this.shown.cards[0]!)?.focus();
    }
    this.shown.show();
    this.fetch();
  }

  /** Asks for the weights that are not here, and draws again when they have come. */
  private fetch(): void {
    const coming = this.store.fetch(this.shown.wanted);
    void coming?.then(() => {
      if (this.disposed) return;
      this.shown.showHeads();
      if (!this.arrived) this.shown.showTokens(true);
      this.arrived = true;
    });
  }
}

/** The button that says which view is shown. */
function viewButton(card: HTMLElement): HTMLElement | null {
  return card.querySelector<HTMLElement>("[aria-label=View] [aria-pressed=true]");
}
