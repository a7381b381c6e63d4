import { button, chip, element } from "../../parts/dom";
import type { Run } from "./records";
import { FIRST_COMPARED } from "./route";
import { link } from "./screen";
import { called } from "./words";

/** The runs of the list that are ticked: two of them can be compared. */
export class Choice {
  readonly element = element("div", { class: "app-choice", hidden: true });
  /** In the order in which they were ticked. */
  private readonly runs = new Map<string, Run>();

  /** `cleared` is called when all were let go. */
  constructor(private readonly cleared: () => void) {}

  has(run: Run): boolean {
    return this.runs.has(run.id);
  }

  set(run: Run, on: boolean): void {
    if (on) this.runs.set(run.id, run);
    else this.runs.delete(run.id);
    this.draw();
  }

  private draw(): void {
    const runs = [...this.runs.values()];
    this.element.hidden = runs.length === 0;
    const none = button("Choose none", () => {
      this.runs.clear();
      this.draw();
      this.cleared();
    });
    const names = runs.map((run) => chip(called(run), "in"));
    this.element.replaceChildren(this.lead(runs), ...names, none);
  }

  private lead([a, b, ...more]: readonly Run[]): HTMLElement | string {
    if (!a || !b) return "Choose one more to compare: ";
    if (more.length) return "Choose two, not more, to compare: ";
    const both = { screen: "compare", a: a.id, b: b.id, lens: FIRST_COMPARED } as const;
    const go = link(both, "Compare the two");
    go.className = "is-main";
    return go;
  }
}
