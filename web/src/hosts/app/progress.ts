import { button, element } from "../../parts/dom";
import { isOver, type Job } from "./records";
import { problemNode, type App } from "./screen";
import { Stream } from "./stream";

const OVER: Readonly<Partial<Record<Job["state"], string>>> = {
  done: "Done",
  cancelled: "Cancelled: what came until then is not kept as a run.",
  interrupted: "Interrupted: the server was stopped. Run it again.",
};

/** The work that is followed: where it is in the queue, how far it is, what it has said. */
export class Progress {
  readonly element = element("div", { class: "app-progress" });
  private readonly words = element("span", { role: "status" });
  private readonly bar = element("progress", { "aria-label": "Progress" });
  private readonly cancel: HTMLButtonElement;
  private readonly line: HTMLElement;
  private readonly wrong = element("div", {});
  private readonly stream = new Stream();

  constructor(private readonly app: App) {
    this.cancel = button("Cancel", () => void app.work.cancel());
    this.line = element("div", { class: "app-line" }, this.words, this.bar, this.cancel);
    this.element.append(this.line, this.wrong, this.stream.element);
  }

  draw(): void {
    const { job, tokens, problem } = this.app.work;
    const over = job === null || isOver(job);
    this.element.hidden = job === null && problem === null;
    const words = job ? wordsOf(job) : "";
    if (this.words.textContent !== words) this.words.textContent = words;
    // Of work that failed the problem below says all.
    this.line.hidden = over && !words;
    this.cancel.hidden = over;
    this.bar.hidden = over || job.state === "queued";
    if (job && job.total > 0) {
      this.bar.max = job.total;
      this.bar.value = job.done;
    } else {
      this.bar.removeAttribute("value");
    }
    this.explain(job?.problem || problem);
    this.stream.element.hidden = tokens.length === 0;
    this.stream.show(tokens);
  }

  private explain(problem: string | null): void {
    if (this.wrong.textContent === (problem ?? "")) return;
    const node = problemNode(problem);
    this.wrong.replaceChildren(...(node ? [node] : []));
  }
}

/** What work does just then, in words. */
export function wordsOf({ state, place, what, done, total }: Job): string {
  if (state === "queued") {
    return place ? `Waiting in the queue: ${place} before it` : "Waiting for the model";
  }
  if (state === "running") {
    const far = total === 0 ? "" : ` · ${done} of ${total}`;
    return `${what || "running"}${far}`;
  }
  return OVER[state] ?? "";
}
