/** What the server of `cutaway serve` says, as JSON: see app/server and /api/openapi.json. */

/** Where a model is on its way into memory; "dropped": it made room, and comes back when asked. */
export type ModelState = "waiting" | "loading" | "ready" | "failed" | "dropped";

export interface Model {
  readonly key: string;
  readonly name: string;
  readonly state: ModelState;
  /** Why it failed, in words; else "". */
  readonly problem: string;
  /** 0 while it is not in memory. */
  readonly bytes: number;
  /** As they were asked for; null: the newest, and as stored. */
  readonly revision: string | null;
  readonly dtype: string | null;
  /** How many jobs wait for it. */
  readonly queue: number;
  /** The computation that it is at, and how far: 0 of 0 where that can't be counted. */
  readonly busy: boolean;
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

export interface State {
  readonly version: string;
  /** Bytes that loaded models may take, and take. */
  readonly budget: number;
  readonly used: number;
  readonly models: readonly Model[];
  readonly default_model: string | null;
  /** Models in the folders that the server was started with, which can be added by name. */
  readonly offered: readonly string[];
}

/** A run of the store. */
export interface Run {
  readonly id: string;
  /** "" for none. */
  readonly name: string;
  readonly tags: readonly string[];
  /** ISO 8601. */
  readonly created: string;
  readonly model: string;
  readonly text: string;
  readonly n_tokens: number;
  readonly produced: number;
  readonly bytes: number;
}

export interface RunList {
  readonly total: number;
  readonly runs: readonly Run[];
}

/** A token as it was produced; `probability` is the model's own. */
export interface Token {
  readonly position: number;
  readonly label: string;
  readonly probability: number | null;
}

export type JobState = "queued" | "running" | "done" | "failed" | "cancelled" | "interrupted";

export interface Job {
  readonly id: string;
  readonly state: JobState;
  /** How many are before it in the queue. */
  readonly place: number;
  /** Tokens said, of how many at most; 0 of 0 where none are. */
  readonly done: number;
  readonly total: number;
  /** What it does just then, in words. */
  readonly what: string;
  readonly tokens?: readonly Token[];
  /** The run that it made. */
  readonly run: string | null;
  /** Why it failed, in words; else "". */
  readonly problem: string;
}

/** What is asked of a model, as the server takes it; null is "not given". */
export interface Asked {
  readonly model: string | null;
  readonly text: string;
  readonly chat: boolean;
  readonly generate: boolean;
  readonly max_new_tokens: number | null;
  readonly temperature: number | null;
  readonly top_k: number | null;
  readonly top_p: number | null;
  readonly seed: number | null;
  readonly name: string | null;
  readonly tags: readonly string[];
}

/** Whether a job will not change any more. */
export function isOver(job: Job): boolean {
  return job.state !== "queued" && job.state !== "running";
}
