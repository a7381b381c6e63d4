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

/** The grid of all heads and the heads of one layer: one of them is shown, and does all the work. */
export class AttentionPage {
  readonly cards: readonly HTMLElement[];
  private readonly store: HeadStore;
  private readonly choices: Choices;
  private readonly views: { readonly model: ModelView; readonly heads: HeadView };
  private disposed = false;
  /** Whether the first weights have come: the chosen token is then scrolled to. */
  private arrived = false;

  constructor(spec: Spec<AttentionHeader>, host: Host) {
    const heads = new Heads(spec);
    this.store = new HeadStore(spec, heads, host.ask);
    this.choices = attentionChoices(heads, this.store, host);
    const focus = new Focus(this.choices, spec.header.positions.length);
    const context = new Context(heads, this.store, this.choices, focus, host);
    this.views = { model: new ModelView(context), heads: new HeadView(context) };
    this.cards = [...this.views.model.cards, ...this.views.heads.cards];
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
    });
  }

  recolour(): void {
    this.shown.recolour();
  }

  dispose(): void {
    this.disposed = true;
    this.views.model.dispose();
    this.views.heads.dispose();
    this.choices.dispose();
  }

  private get shown(): ModelView | HeadView {
    return this.choices.get("view") === "heads" ? this.views.heads : this.views.model;
  }

  private open(): void {
    const { model, heads } = this.views;
    const other = this.shown === model ? heads : model;
    for (const card of other.cards) card.hidden = true;
    for (const card of this.shown.cards) card.hidden = false;
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
