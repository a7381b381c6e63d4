import { card, styled } from "../../parts/card";
import { chip, element } from "../../parts/dom";
import { layerName } from "../../parts/layers";
import type { Selection } from "../../parts/selection";
import type { AccountLine, AccountLink, AccountRun, ReportHeader } from "../../spec/report";
import { SpecError } from "../../spec/spec";
import type { Ask } from "../host";
import { placeOf } from "./place";

const ABOUT =
  "Built from the numbers by fixed rules; every underlined number leads to the view it is from.";
/** Longer links are broken over lines. */
const SHORT = 24;

/** What the numbers say of the token that is looked at, each with a way to its view. */
export class Account {
  readonly card: HTMLElement;
  private readonly title = element("span");
  private readonly lines = element("div", { class: "account" });
  private readonly asked = new Map<number, Promise<readonly AccountLine[]>>();
  private readonly titles: ReadonlyMap<string, string>;

  constructor(
    private readonly header: ReportHeader,
    private readonly selection: Selection,
    private readonly ask: Ask | null,
    private readonly follow: (link: AccountLink) => void,
  ) {
    this.titles = new Map(header.sections.map(({ name, title }) => [name, title]));
    this.card = card(this.title, ABOUT, [], this.lines);
    this.card.classList.add("report-account");
  }

  async show(): Promise<void> {
    const { row, at, read, came } = placeOf(this.header, this.selection);
    const classifies = this.header.sections.some(({ name }) => name === "classes");
    const silent = !this.header.vocabulary.length; // a model that gives states, and says no token
    const none =
      classifies || silent
        ? ["What is told of ", chip(read, "in")]
        : this.header.masked
          ? ["What it says in the place of ", chip(read, "in")]
          : ["What it would say next"];
    this.title.replaceChildren(...(came ? ["How it came to ", chip(came, "out")] : none));
    const known = this.header.accounts?.[row];
    if (known) return this.write(known);
    this.lines.setAttribute("aria-busy", "true");
    try {
      const lines = await this.fetched(at);
      if (this.isAt(at)) this.write(lines);
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      if (this.isAt(at)) this.fail(error.message);
    }
  }

  private isAt(at: number): boolean {
    return placeOf(this.header, this.selection).at === at;
  }

  /** What Python says of a position; it is asked once, and again after it could not answer. */
  private fetched(at: number): Promise<readonly AccountLine[]> {
    const known = this.asked.get(at);
    if (known) return known;
    const coming = this.fetch(at);
    this.asked.set(at, coming);
    coming.catch(() => this.asked.delete(at));
    return coming;
  }

  private async fetch(at: number): Promise<readonly AccountLine[]> {
    if (!this.ask) throw new SpecError("This page has no account of its tokens. Save it again.");
    const { data } = await this.ask({ what: "account", at });
    return JSON.parse(new TextDecoder().decode(data)) as readonly AccountLine[];
  }

  private write(lines: readonly AccountLine[]): void {
    this.lines.removeAttribute("aria-busy");
    this.lines.replaceChildren(
      ...lines.map((line) => element("p", {}, ...line.map((run) => this.run(run)))),
    );
  }

  private fail(words: string): void {
    this.lines.removeAttribute("aria-busy");
    this.lines.replaceChildren(element("p", { class: "problem", role: "alert" }, words));
  }

  private run([kind, text, link]: AccountRun): Node | string {
    const made = styled(kind, text)!;
    if (!link) return made;
    const title = `Opens: ${this.titles.get(link.section) ?? link.section}`;
    // A link, not a button: it is broken over lines like the words around it.
    const style = text.length > SHORT ? "link" : "link is-short";
    const node = element("a", { href: hrefOf(link), class: style, title }, made);
    node.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.follow(link);
    });
    return node;
  }
}

/** The same place as an address, for a window of its own. */
function hrefOf({ section, at, layer, head }: AccountLink): string {
  const said = { at, layer: layer === null ? null : layerName(layer), head, open: section };
  const pairs = Object.entries(said).filter(([, value]) => value !== null);
  return `#${pairs.map(([name, value]) => `${name}=${value}`).join("&")}`;
}
