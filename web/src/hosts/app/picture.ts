import { button, element } from "../../parts/dom";
import type { LensHeader } from "../../spec/headers";
import { SpecError, type Spec } from "../../spec/spec";
import { mount } from "../mount";
import { askedSections } from "../sections";
import { isAbort, retryWhenBusy, Problem } from "./api";
import { asker, fetched, type Source } from "./live";
import { problemNode, type App } from "./screen";
import { keepScrollAndFocus } from "./scrollfocus";

/** Milliseconds until it is said how long it takes already. */
const TICK = 1_000;
/** Pixels of the narrowest column with words, and how many times what is seen is short. */
const COLUMN = 60;
const SHORT = 4;

type Tell = (left: number | null) => void;

/**
 * A picture that the server computes: until it is there it says so and can be given up; a queue
 * that is full is asked again; what went wrong is said in its place. Of a large one the column
 * that is chosen comes first, then those beside it, then the rest.
 */
export class Picture {
  readonly element = element("div", { class: "app-picture" });
  private giving = new AbortController();
  private clear = (): void => {};
  private readonly place = element("div", {});
  /** What is said above the picture, or in its place. */
  private line: HTMLElement | null = null;
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
      const spec = await this.grown(waiting.tell, signal);
      waiting.stop();
      this.say(null);
      this.draw(spec);
      this.element.dataset["drawn"] = spec.kind;
      this.drawn(spec);
    } catch (error) {
      waiting.stop();
      if (!signal.aborted) this.explain(error);
    }
  }

  /** The whole picture; what is looked at first is drawn on the way. */
  private async grown(tell: Tell, signal: AbortSignal): Promise<Spec> {
    const { first, packet } = this.source;
    const asked = (path: string): Promise<Spec> =>
      retryWhenBusy(() => fetched(this.app.server.api, this.source, signal, path), tell, signal);
    if (!first) return asked(packet);
    const at = new URLSearchParams(this.app.address.read()).get("at");
    const seen = Math.ceil(this.element.clientWidth / COLUMN);
    for (const columns of [1, seen]) {
      const spec = await asked(first(columns, at));
      const { partial, positions } = spec.header as LensHeader;
      if (!partial) return spec;
      this.draw(spec);
      this.line?.classList.add("is-over");
      if (positions.length <= SHORT * seen) break;
    }
    return asked(packet);
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
    this.line = null;
    this.place.replaceChildren();
    this.element.replaceChildren(this.place);
    delete this.element.dataset["drawn"];
  }

  private draw(spec: Spec): void {
    const ask = asker(this.app.server.api, this.source, this.giving.signal);
    const { theme, address } = this.app;
    const restore = keepScrollAndFocus(this.place);
    this.clear();
    this.clear = mount(this.place, () => spec, {
      address,
      scheme: { now: () => theme.scheme, subscribe: (listener) => theme.subscribe(listener) },
      ask,
      section: askedSections(ask),
      alone: false,
    });
    restore();
  }

  /** Says something above the picture, or nothing. */
  private say(line: HTMLElement | null): void {
    this.line?.remove();
    if (line) this.element.prepend(line);
    this.line = line;
  }

  /** Words while the server computes or its queue is full, and the way to give up. */
  private waits(): { tell: Tell; stop(): void } {
    const words = element("span", {}, "Computing …");
    const stop = button("Cancel", () => {
      this.giving.abort();
      this.offer("Not computed: it was cancelled. ");
    });
    this.say(element("p", { class: "app-waiting", role: "status" }, words, " ", stop));
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
    this.say(problemNode(words, again));
  }
}
