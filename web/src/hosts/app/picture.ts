import { button, element } from "../../parts/dom";
import { SpecError, type Spec } from "../../spec/spec";
import { mount } from "../mount";
import { askedSections } from "../sections";
import { isAbort, patiently, Problem } from "./api";
import { asker, fetched, type Source } from "./live";
import { problemNode, type App } from "./screen";

/** Milliseconds until it is said how long it takes already. */
const TICK = 1_000;

/**
 * A picture that the server computes: until it is there it says so and can be given up; a queue
 * that is full is asked again; what went wrong is said in its place.
 */
export class Picture {
  readonly element = element("div", { class: "app-picture" });
  private giving = new AbortController();
  private clear = (): void => {};
  private readonly stops: (() => void)[] = [];

  constructor(
    private readonly app: App,
    private readonly source: Source,
    private readonly drawn: (spec: Spec) => void = () => {},
  ) {}

  /** Asks for the picture and draws it. */
  async show(): Promise<void> {
    this.reset();
    const { signal } = this.giving;
    const waiting = this.waits();
    try {
      const { api } = this.app.server;
      const spec = await patiently(() => fetched(api, this.source, signal), waiting.tell, signal);
      waiting.stop();
      this.draw(spec);
      this.drawn(spec);
    } catch (error) {
      waiting.stop();
      if (!signal.aborted) this.explain(error);
    }
  }

  dispose(): void {
    this.reset();
    this.giving.abort();
  }

  private reset(): void {
    this.giving.abort();
    this.giving = new AbortController();
    for (const stop of this.stops.splice(0)) stop();
    this.clear();
    this.clear = () => {};
    this.element.replaceChildren();
    delete this.element.dataset["drawn"];
  }

  private draw(spec: Spec): void {
    const ask = asker(this.app.server.api, this.source, this.giving.signal);
    const { theme, address } = this.app;
    this.clear = mount(this.element, () => spec, {
      address,
      scheme: { now: () => theme.scheme, subscribe: (listener) => theme.subscribe(listener) },
      ask,
      section: askedSections(ask),
      alone: false,
    });
    this.element.dataset["drawn"] = spec.kind;
  }

  /** Words while the server computes or its queue is full, and the way to give up. */
  private waits(): { tell(left: number | null): void; stop(): void } {
    const words = element("span", {}, "Computing …");
    const stop = button("Cancel", () => {
      this.giving.abort();
      this.offer("Not computed: it was cancelled. ");
    });
    this.element.replaceChildren(
      element("p", { class: "app-waiting", role: "status" }, words, " ", stop),
    );
    const begun = Date.now();
    let left: number | null = null;
    const say = (): void => {
      const taken = Math.round((Date.now() - begun) / 1000);
      words.textContent =
        left === null
          ? `Computing …${taken ? ` ${taken} s` : ""}${this.far()}`
          : `The model has enough to do; it is asked again in ${left} s.`;
      if (taken) void this.app.server.look();
    };
    const timer = window.setInterval(say, TICK);
    return {
      tell(seconds) {
        left = seconds;
        say();
      },
      stop: () => window.clearInterval(timer),
    };
  }

  /** What a model is at just then, in words; "" where none works. */
  private far(): string {
    const at = this.app.server.models.find(({ busy, what }) => busy && what);
    if (!at) return "";
    return ` · ${at.what}${at.total ? ` ${at.done} of ${at.total}` : ""}`;
  }

  private explain(error: unknown): void {
    if (isAbort(error)) return;
    if (!(error instanceof SpecError)) throw error;
    this.offer(`${error.message} `);
    const isGone = error instanceof Problem && error.status === 0;
    if (isGone) this.stops.push(this.app.server.whenBack(() => void this.show()));
  }

  private offer(words: string): void {
    const again = button("Try again", () => void this.show());
    this.element.replaceChildren(problemNode(words, again)!);
  }
}
