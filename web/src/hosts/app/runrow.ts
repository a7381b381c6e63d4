import { button, element } from "../../parts/dom";
import type { Run } from "./records";
import { FIRST_LENS } from "./route";
import { deletion, editor, pathOf } from "./runedit";
import { link, type App } from "./screen";
import { called, counted, line, dateTime, short, size } from "./words";

/** What a row of the list can do to the list. */
export interface RowHandlers {
  pick(run: Run, on: boolean): void;
  tag(tag: string): void;
  /** It was deleted. */
  gone(run: Run): void;
}

/** A run in the list: what it is, its tags, and what can be done with it. */
export class RunRow {
  readonly element = element("li", { class: "app-run" });

  constructor(
    private readonly app: App,
    private run: Run,
    private picked: boolean,
    private readonly handlers: RowHandlers,
  ) {
    this.draw();
  }

  private draw(): void {
    const { run, handlers } = this;
    const name = link({ screen: "run", id: run.id, lens: FIRST_LENS, given: [] }, called(run));
    const text = run.name ? element("p", { class: "about" }, line(run.text, 200)) : null;
    const facts = element("p", { class: "about" }, factsOf(run));
    const words = element("div", { class: "app-run-words" }, name, text, facts);
    this.element.replaceChildren(this.box(), words, tagsOf(run, handlers.tag), this.actions());
  }

  private box(): HTMLElement {
    const label = `compare ${called(this.run)}`;
    const box = element("input", { type: "checkbox", "aria-label": label });
    box.checked = this.picked;
    box.addEventListener("change", () => {
      this.picked = box.checked;
      this.handlers.pick(this.run, this.picked);
    });
    return box;
  }

  private actions(): HTMLElement {
    const { app, run, handlers } = this;
    const edit = button("Edit", () => {
      const change = editor(app, run, (now) => {
        this.run = now ?? run;
        this.back("Edit");
      });
      this.element.replaceChildren(change);
    });
    const remove = button("Delete", () => {
      remove.disabled = true;
      const done = (gone: boolean): void => (gone ? handlers.gone(run) : this.back("Delete"));
      this.element.append(deletion(app, run, done));
    });
    const trace = `${pathOf(run.id)}/trace`;
    const load = element("a", { class: "is-button", href: trace, download: true }, "Download");
    return element("div", { class: "controls" }, edit, load, remove);
  }

  /** The row as it was; the keyboard goes on from the button that was pressed. */
  private back(words: string): void {
    this.draw();
    const buttons = [...this.element.querySelectorAll("button")];
    buttons.find((node) => node.textContent === words)?.focus();
  }
}

/** What a run is, in a line. */
export function factsOf(run: Run): string {
  const tokens = counted(run.n_tokens, "token");
  const said = run.produced ? `${tokens}, ${run.produced} of them said by the model` : tokens;
  return [short(run.model), said, dateTime(run.created), size(run.bytes)].join(" · ");
}

/** The tags as buttons that show all runs with them. */
export function tagsOf({ tags }: Run, choose: (tag: string) => void): HTMLElement {
  const nodes = tags.map((tag) => {
    const node = button(tag, () => choose(tag));
    node.className = "app-tag";
    node.title = "show the runs with this tag";
    return node;
  });
  return element("div", { class: "app-tags" }, ...nodes);
}
