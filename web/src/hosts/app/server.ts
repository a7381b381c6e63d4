import { Api, isAbort, Problem } from "./api";
import type { Model, State } from "./records";

/** Milliseconds between two looks at the server: while something changes there, and while not. */
const SOON = 1_000;
const LATER = 5_000;
/** Between two tries while it is not reached. */
const TRY = 2_000;

/** Whether the server can be asked: it may be gone, or not know us any more. */
export type Reach = "yes" | "gone" | "foreign";

/** The server as it is just then: its models, its memory, and whether it answers. */
export class Server {
  readonly api: Api;
  state: State | null = null;
  reach: Reach = "yes";
  private readonly listeners = new Set<() => void>();
  private readonly returns = new Set<() => void>();
  private timer = 0;
  private asking = false;

  constructor() {
    this.api = new Api({
      answered: (known) => this.reached(known ? "yes" : "foreign"),
      lost: () => this.reached("gone"),
    });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) void this.look();
    });
  }

  /** Called after each change; returns the way to stop. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Called when the server answers again after it was gone. */
  whenBack(listener: () => void): () => void {
    this.returns.add(listener);
    return () => this.returns.delete(listener);
  }

  /** The models that can be asked: one that is not in memory is loaded then. */
  get models(): readonly Model[] {
    return (this.state?.models ?? []).filter(({ state }) => state !== "failed");
  }

  /** Looks at the server now, and from then on by itself. */
  async look(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    window.clearTimeout(this.timer);
    try {
      this.state = await this.api.json<State>("GET", "/api/state");
      this.tell();
    } catch (error) {
      if (!(error instanceof Problem) && !isAbort(error)) throw error;
    } finally {
      this.asking = false;
      this.timer = window.setTimeout(() => {
        if (!document.hidden) void this.look();
      }, this.pace());
    }
  }

  private pace(): number {
    if (this.reach !== "yes") return TRY;
    const busy = this.models.some(
      ({ state, queue }) => state === "waiting" || state === "loading" || queue > 0,
    );
    return busy || !this.state ? SOON : LATER;
  }

  private reached(reach: Reach): void {
    const before = this.reach;
    if (reach === before) return;
    this.reach = reach;
    this.tell();
    if (reach === "yes") for (const listener of [...this.returns]) listener();
    if (!this.asking) void this.look();
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
