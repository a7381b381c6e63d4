import { isAbort, Problem } from "./api";
import { isOver, type Asked, type Job, type Token } from "./records";
import type { Server } from "./server";

/** Milliseconds until a stream that was closed is opened again. */
const AGAIN = 1_000;
/** Tokens that come within so many milliseconds are drawn together. */
const BATCH_MS = 30;

const ONE = "One prompt at a time: wait until this one is done, or cancel it.";
const LOST =
  "The server no longer knows this work: it was started again before it was done. " +
  "The prompt is still here; run it again.";

/** Opens a stream of events; the browser's EventSource but in tests. */
export type Open = (path: string) => EventSource;

/**
 * The prompt that is run just then, whatever screen is shown: it goes on while one looks around,
 * and the server cancels it when nobody listens any more.
 */
export class Work {
  job: Job | null = null;
  tokens: readonly Token[] = [];
  /** Why it can't be followed, in words. */
  problem: string | null = null;
  private stream: EventSource | null = null;
  private timer = 0;
  private due = 0;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly server: Server,
    private readonly open: Open = (path) => new EventSource(path),
  ) {
    server.whenBack(() => {
      if (this.job && !isOver(this.job) && !this.stream) void this.catchUp(this.job.id);
    });
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Asks for a run; a Problem (a queue that is full, another run) is the caller's. */
  async begin(asked: Asked, signal: AbortSignal): Promise<string> {
    if (this.job && !isOver(this.job)) throw new Problem(ONE, 0);
    const { job } = await this.server.api.json<{ job: string }>("POST", "/api/runs", asked, signal);
    this.reset();
    this.job = {
      id: job,
      state: "queued",
      place: 0,
      done: 0,
      total: 0,
      what: "",
      run: null,
      problem: "",
    };
    this.listen(job);
    this.tell();
    return job;
  }

  /** Follows work that was begun before, from where it is. */
  follow(id: string): void {
    if (this.job?.id === id) return;
    this.reset();
    void this.catchUp(id);
  }

  async cancel(): Promise<void> {
    if (!this.job || isOver(this.job)) return;
    try {
      await this.server.api.none("DELETE", `/api/jobs/${encodeURIComponent(this.job.id)}`);
    } catch (error) {
      this.fail(error);
    }
  }

  private reset(): void {
    this.close();
    window.clearTimeout(this.timer);
    this.job = null;
    this.problem = null;
    this.tokens = [];
  }

  private async catchUp(id: string): Promise<void> {
    try {
      const job = await this.server.api.json<Job>("GET", `/api/jobs/${encodeURIComponent(id)}`);
      this.problem = null;
      this.take(job);
      if (!isOver(job)) this.listen(id);
    } catch (error) {
      this.fail(error);
    }
  }

  private listen(id: string): void {
    const stream = this.open(`/api/jobs/${encodeURIComponent(id)}/events`);
    this.stream = stream;
    const heard = (name: string, take: (data: string) => void): void =>
      stream.addEventListener(name, (event) => {
        if (this.stream === stream) take((event as MessageEvent<string>).data);
      });
    heard("state", (data) => this.take(JSON.parse(data) as Job));
    heard("token", (data) => {
      this.add(JSON.parse(data) as Token);
      this.tellSoon();
    });
    heard("end", (data) => {
      this.close();
      this.take(JSON.parse(data) as Job);
    });
    stream.addEventListener("error", () => {
      // A stream that only broke off is opened again by the browser itself.
      if (this.stream !== stream) return;
      void this.server.look();
      if (stream.readyState !== EventSource.CLOSED) return;
      this.close();
      this.timer = window.setTimeout(() => void this.catchUp(id), AGAIN);
    });
  }

  private take(job: Job): void {
    const { tokens, ...state } = job;
    const goesOn = this.job?.state === state.state;
    this.job = state;
    // The whole list, where it is told, makes good what a stream that broke off has not said.
    if (tokens && tokens.length >= this.tokens.length) this.tokens = tokens;
    if (goesOn) this.tellSoon();
    else this.tell();
  }

  /** A token that was heard before is the same one: streams begin again from the first. */
  private add(token: Token): void {
    const last = this.tokens.at(-1)?.position ?? -1;
    if (token.position > last) this.tokens = [...this.tokens, token];
  }

  private fail(error: unknown): void {
    if (isAbort(error)) return;
    if (!(error instanceof Problem)) throw error;
    this.problem = error.status === 404 ? LOST : error.message;
    this.tell();
  }

  private close(): void {
    this.stream?.close();
    this.stream = null;
  }

  private tellSoon(): void {
    this.due ||= window.setTimeout(() => this.tell(), BATCH_MS);
  }

  private tell(): void {
    window.clearTimeout(this.due);
    this.due = 0;
    for (const listener of [...this.listeners]) listener();
  }
}
