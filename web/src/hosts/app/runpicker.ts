import { button, element } from "../../parts/dom";
import { SpecError } from "../../spec/spec";
import { isAbort, pause } from "./api";
import { labelled, textField } from "./fields";
import type { Run, RunList } from "./records";
import { query } from "./route";
import { pathOf } from "./runedit";
import { emptyNode, link, problemNode, type App } from "./screen";
import { called, counted, dateTime, short } from "./words";

const SHOWN = 8;
const TYPING = 250;

/** Picks a run from the list by searching it; once one is picked it says which. */
export class RunPicker {
  readonly element = element("div", { class: "app-picker" });
  private readonly search = textField("", "a word of its name or prompt");
  private readonly list = element("ul", { class: "app-latest" });
  private giving = new AbortController();

  constructor(
    private readonly app: App,
    private readonly label: string,
    private readonly id: string,
    private readonly choose: (id: string) => void,
  ) {
    this.search.type = "search";
    this.search.addEventListener("input", () => void this.find(TYPING));
  }

  start(): void {
    if (this.id) void this.say();
    else this.open();
  }

  dispose(): void {
    this.giving.abort();
  }

  /** Which one is picked. */
  private async say(): Promise<void> {
    try {
      const run = await this.app.server.api.json<Run>("GET", pathOf(this.id));
      const other = button(`Choose another ${this.label}`, () => {
        this.open();
        this.search.focus();
      });
      this.element.replaceChildren(
        element("h3", {}, this.label),
        element("p", { class: "app-picked" }, called(run)),
        element("p", { class: "about" }, factsOf(run)),
        other,
      );
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      this.open();
      this.element.prepend(problemNode(error.message)!);
    }
  }

  private open(): void {
    this.element.replaceChildren(labelled(`${this.label}: search`, this.search), this.list);
    void this.find(0);
  }

  private async find(delay: number): Promise<void> {
    this.giving.abort();
    this.giving = new AbortController();
    const { signal } = this.giving;
    try {
      await pause(delay, signal);
      const asked = query([
        ["search", this.search.value.trim()],
        ["limit", String(SHOWN)],
      ]);
      const path = `/api/runs${asked}`;
      this.draw(await this.app.server.api.json<RunList>("GET", path, undefined, signal));
    } catch (error) {
      if (isAbort(error)) return;
      if (!(error instanceof SpecError)) throw error;
      this.list.replaceChildren(problemNode(error.message)!);
    }
  }

  private draw({ runs, total }: RunList): void {
    const lines = runs.map((run) =>
      element(
        "li",
        {},
        button(called(run), () => this.choose(run.id)),
        element("span", { class: "about" }, factsOf(run)),
      ),
    );
    const more =
      total > runs.length ? emptyNode(`… and ${total - runs.length} more: search for them.`) : null;
    const none = runs.length ? null : this.empty();
    this.list.replaceChildren(...[...lines, more, none].filter((node) => node !== null));
  }

  private empty(): HTMLElement {
    if (this.search.value.trim()) return emptyNode("No run fits that.");
    return emptyNode(
      "There is no run yet. ",
      link({ screen: "start", job: "" }, "Run a prompt"),
      ".",
    );
  }
}

function factsOf(run: Run): string {
  const parts = [short(run.model), counted(run.n_tokens, "token"), dateTime(run.created)];
  return [...parts, ...run.tags].join(" · ");
}
