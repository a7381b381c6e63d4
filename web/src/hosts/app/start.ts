import { button, element } from "../../parts/dom";
import { card } from "../../parts/card";
import { isAbort, retryWhenBusy } from "./api";
import { SpecError } from "../../spec/spec";
import { AskForm } from "./askform";
import { Picture } from "./picture";
import { Progress } from "./progress";
import { isOver, type Asked, type Run, type RunList } from "./records";
import { FIRST_LENS, type RouteOf } from "./route";
import { link, headed, problemNode, single, type App, type Screen } from "./screen";
import { sourceOf } from "./sources";
import { called, counted, short } from "./words";

/** The lens that is drawn as soon as there is a run. */
const FIRST_SEEN = "logit_lens";
const LATEST = 5;

/** The start: a prompt, what came of it, and its first picture. */
export function startScreen({ job }: RouteOf<"start">, app: App): Screen {
  const screen = new Start(app);
  if (job) app.work.follow(job);
  return screen;
}

class Start implements Screen {
  readonly title = "";
  readonly element = element("div", {});
  private readonly form: AskForm;
  private readonly progress: Progress;
  private readonly wrong = element("div", {});
  private readonly opens = element("div", { class: "app-line" });
  private readonly seen = element("div", {});
  private readonly latest = element("div", {});
  private readonly stops: (() => void)[];
  private giving: AbortController | null = null;
  private picture: Picture | null = null;
  /** The run whose picture is shown. */
  private shown: string | null = null;

  constructor(private readonly app: App) {
    this.form = new AskForm(app.server, (asked) => void this.ask(asked));
    this.progress = new Progress(app);
    const about = "Its run is recorded once; every lens is a question asked of that record.";
    const heading = "Ask a model, and look inside";
    const asking = headed(
      heading,
      about,
      [],
      this.form.element,
      this.wrong,
      this.progress.element,
      this.opens,
    );
    this.element.append(single(asking), this.seen, this.latest);
    this.stops = [app.work.subscribe(() => this.draw())];
  }

  start(): void {
    this.draw();
    this.form.focus();
    void this.list();
    this.stops.push(this.app.server.whenBack(() => void this.list()));
  }

  dispose(): void {
    for (const stop of this.stops) stop();
    this.giving?.abort();
    this.form.dispose();
    this.picture?.dispose();
  }

  private async ask(asked: Asked): Promise<void> {
    if (this.giving) return;
    this.giving = new AbortController();
    const { signal } = this.giving;
    try {
      const job = await retryWhenBusy(
        () => this.app.work.begin(asked, signal),
        (left) => this.wait(left),
        signal,
      );
      this.app.go({ screen: "start", job }, true);
    } catch (error) {
      if (isAbort(error)) return this.say(null);
      if (!(error instanceof SpecError)) throw error;
      this.say(error.message);
    } finally {
      this.giving = null;
    }
  }

  private say(words: string | null): void {
    const node = problemNode(words);
    this.wrong.replaceChildren(...(node ? [node] : []));
  }

  /** A queue that is full: when it is asked again, and the way to let that be. */
  private wait(left: number | null): void {
    if (left === null) return this.say(null);
    const words = `The model's queue is full; it is asked again in ${left} s. `;
    const stop = button("Don't wait", () => this.giving?.abort());
    this.wrong.replaceChildren(element("p", { class: "about", role: "timer" }, words, stop));
  }

  private draw(): void {
    this.progress.draw();
    const { job } = this.app.work;
    if (job && isOver(job) && !this.giving) this.say(null);
    const run = job?.run ?? null;
    if (run === this.shown) return;
    this.shown = run;
    this.picture?.dispose();
    this.picture = null;
    this.seen.replaceChildren();
    this.opens.replaceChildren();
    if (run === null || !job || !isOver(job)) return;
    const report = link({ screen: "run", id: run, lens: FIRST_LENS, given: [] }, "Open the report");
    report.className = "is-main";
    this.opens.append(report, element("span", { class: "about" }, "all lenses on one page"));
    this.picture = new Picture(this.app, sourceOf(run, FIRST_SEEN));
    this.seen.append(this.picture.element);
    void this.picture.show();
    void this.list();
  }

  /** The runs that were made last. */
  private async list(): Promise<void> {
    try {
      const path = `/api/runs?limit=${LATEST}`;
      const { runs, total } = await this.app.server.api.json<RunList>("GET", path);
      const cards = runs.length ? [single(latestCard(runs, total))] : [];
      this.latest.replaceChildren(...cards);
    } catch (error) {
      // The banner says that the server is gone; the list is asked for again when it is back.
      if (!(error instanceof SpecError)) throw error;
    }
  }
}

function latestCard(runs: readonly Run[], total: number): HTMLElement {
  const lines = runs.map((run) =>
    element(
      "li",
      {},
      link({ screen: "run", id: run.id, lens: FIRST_LENS, given: [] }, called(run)),
      element(
        "span",
        { class: "about" },
        `${short(run.model)} · ${counted(run.n_tokens, "token")}`,
      ),
    ),
  );
  const all = link(
    { screen: "runs", search: "", tag: "", page: 1 },
    `All ${counted(total, "run")}`,
  );
  return card("What was run last", null, [], element("ul", { class: "app-latest" }, ...lines), all);
}
