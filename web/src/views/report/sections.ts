import { Choices } from "../../parts/choices";
import type { ReportHeader } from "../../spec/report";
import type { Host } from "../host";
import { SectionCard } from "./section";

/** The lenses of a report, one under the other; which are open is kept in the address. */
export class Sections {
  readonly cards: readonly HTMLElement[];
  private readonly choices: Choices;
  private readonly all: ReadonlyMap<string, SectionCard>;

  constructor(header: ReportHeader, host: Host) {
    this.all = new Map(
      header.sections.map((section) => {
        const toggle = (): void => this.toggle(section.name);
        return [section.name, new SectionCard(section, host, header.notes, toggle)];
      }),
    );
    this.cards = [...this.all.values()].map(({ element }) => element);
    const here = new Set(header.sections.filter((s) => s.missing === null).map((s) => s.name));
    this.choices = new Choices(
      { open: "" },
      (_, value) => value === "" || value.split(",").every((name) => here.has(name)),
      host,
    );
  }

  start(): void {
    this.show();
    this.choices.subscribe(() => this.show());
  }

  /** Opens a section, goes there and takes the keyboard along. */
  go(name: string): void {
    const opened = this.opened();
    if (!opened.has(name)) this.toggle(name);
    this.all.get(name)?.reveal();
  }

  dispose(): void {
    this.choices.dispose();
    for (const section of this.all.values()) section.dispose();
  }

  private opened(): ReadonlySet<string> {
    return new Set(this.choices.get("open").split(",").filter(Boolean));
  }

  /** In the order of the page, so that the same picture has the same address. */
  private toggle(name: string): void {
    const opened = this.opened();
    const names = [...this.all.keys()].filter((other) => opened.has(other) !== (other === name));
    this.choices.set({ open: names.join(",") });
  }

  private show(): void {
    const opened = this.opened();
    for (const [name, section] of this.all) section.show(opened.has(name));
  }
}
