import { SpecError } from "../../spec/spec";

/** Seconds until a full queue is asked again where the server does not say. */
const WAIT = 2;

/** Why the server did not do what was asked, in its words. */
export class Problem extends SpecError {
  override name = "Problem";

  constructor(
    message: string,
    /** The HTTP status; 0 where the server was not reached. */
    readonly status: number,
    /** Seconds until it may be asked again; null where that would not help. */
    readonly wait: number | null = null,
  ) {
    super(message);
  }
}

export const GONE =
  "The server does not answer. It may have been stopped: start it again with `cutaway serve`.";
export const FOREIGN =
  "The server does not know this browser any more: it was started again. " +
  "Open the address that it printed.";

/** What is told of the server while it is asked. */
export interface Watcher {
  /** It answered; whether it let us in. */
  answered(known: boolean): void;
  /** It could not be reached. */
  lost(): void;
}

/** Asks the server. Every failure is a Problem in words, but an AbortError where we gave up. */
export class Api {
  constructor(private readonly watcher: Watcher) {}

  async json<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const response = await this.asked(method, path, asJson(body), signal);
    return (await whole(response, (found) => found.json())) as T;
  }

  /** An answer without anything in it. */
  async none(method: string, path: string): Promise<void> {
    await this.asked(method, path, {});
  }

  /** The bytes of an answer, and the headers that say what they are. */
  async bytes(
    method: "GET" | "POST",
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<{ readonly bytes: Uint8Array; readonly headers: Headers }> {
    const response = await this.asked(method, path, asJson(body), signal);
    const buffer = await whole(response, (found) => found.arrayBuffer());
    return { bytes: new Uint8Array(buffer), headers: response.headers };
  }

  /** Sends a file as it is. */
  async file<T>(path: string, file: Blob): Promise<T> {
    const headers = { "Content-Type": "application/octet-stream" };
    const response = await this.asked("PUT", path, { body: file, headers });
    return (await whole(response, (found) => found.json())) as T;
  }

  private async asked(
    method: string,
    path: string,
    given: RequestInit,
    signal?: AbortSignal,
  ): Promise<Response> {
    const init: RequestInit = { method, credentials: "same-origin", ...given };
    if (signal) init.signal = signal;
    let response: Response;
    try {
      response = await fetch(path, init);
    } catch (error) {
      if (isAbort(error)) throw error;
      this.watcher.lost();
      throw new Problem(GONE, 0);
    }
    this.watcher.answered(response.status !== 401);
    if (!response.ok) throw await problemOf(response);
    return response;
  }
}

/** Whether an error says no more than that we gave up ourselves. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** Asks until the queue has room; `tell` hears the seconds to wait, and null when it is asked. */
export async function retryWhenBusy<T>(
  ask: () => Promise<T>,
  tell: (seconds: number | null) => void,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    try {
      tell(null);
      return await ask();
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 429) throw error;
      for (let left = error.wait ?? WAIT; left > 0; left--) {
        tell(left);
        await pause(1000, signal);
      }
    }
  }
}

/** Some milliseconds; an AbortError as soon as the signal says so. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(new DOMException("given up", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

function asJson(body: unknown): RequestInit {
  if (body === undefined) return {};
  return { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
}

/** The body; a connection that breaks off in the midst of it is said in words. */
async function whole<T>(response: Response, read: (response: Response) => Promise<T>): Promise<T> {
  try {
    return await read(response);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Problem("The server's answer broke off. Try again.", 0);
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const { status } = response;
  if (status === 401) return new Problem(FOREIGN, status);
  const said = (await response.json().catch(() => null)) as { problem?: unknown } | null;
  const words =
    typeof said?.problem === "string" ? said.problem : `The server answered with status ${status}.`;
  const wait = response.headers.get("Retry-After");
  return new Problem(words, status, wait && /^\d{1,4}$/.test(wait) ? Number(wait) : null);
}
