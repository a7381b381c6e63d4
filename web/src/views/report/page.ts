import type { Selection } from "../../parts/selection";
import type { AccountLink, ReportHeader } from "../../spec/report";
import { SpecError, type Spec } from "../../spec/spec";
import type { Host } from "../host";
import { wide, type Page } from "../page";
import { Account } from "./account";
import { Bar } from "./bar";
import { TopTokens } from "./candidates";
import { Sections } from "./sections";
import { Text } from "./text";

/** All of a report, kept in step with the selection. */
export class ReportPage implements Page {
  readonly bar: HTMLElement;
  readonly cards: readonly HTMLElement[];
  private readonly selection: Selection;
  private readonly text: Text;
  private readonly picked: Bar;
  private readonly account: Account;
  private readonly topTokens: TopTokens;
  private readonly sections: Sections;
  private stop = (): void => {};

  constructor(spec: Spec<ReportHeader>, host: Host) {
    if (!host.selection) throw new SpecError("A report needs a page with a selection.");
    const { header } = spec;
    this.selection = host.selection;
    const { at } = this.selection.picked;
    // All sections are to be where the report is: it says so where the address does not.
    if (at === null || !header.positions.includes(at)) this.selection.set({ at: header.opens_at });
    this.text = new Text(header, this.selection);
    this.picked = new Bar(header, this.selection);
    this.account = new Account(header, this.selection, host.ask, (link) => this.follow(link));
    this.topTokens = new TopTokens(spec, this.selection);
    this.sections = new Sections(header, host);
    this.bar = this.picked.element;
    // A trace that can't be unembedded has no candidates.
    const told = this.topTokens.isEmpty
      ? [wide(this.account.card)]
      : [this.account.card, this.topTokens.card];
    this.cards = [wide(this.text.card), ...told, ...this.sections.cards];
  }

  start(): void {
    const board = this.cards[0]!.parentElement!;
    for (const part of [this.bar, board])
      part.addEventListener("keydown", (event) => this.picked.key(event));
    this.show();
    this.stop = this.selection.subscribe(() => this.show());
    this.sections.start();
  }

  dispose(): void {
    this.stop();
    this.sections.dispose();
  }

  private show(): void {
    this.text.show();
    this.picked.show();
    this.topTokens.show();
    void this.account.show();
  }

  /** Picks what a number of the account is about, and goes to the view it is from. */
  private follow({ section, at, layer, head }: AccountLink): void {
    this.selection.set({
      ...(at === null ? {} : { at }),
      ...(layer === null ? {} : { layer }),
      ...(head === null ? {} : { head }),
    });
    this.sections.go(section);
  }
}
