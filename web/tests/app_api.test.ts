// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { Api, FOREIGN, GONE, isAbort, retryWhenBusy, pause, Problem } from "../src/hosts/app/api";

const watcher = { answered: vi.fn(), lost: vi.fn() };
const api = new Api(watcher);
const open = new AbortController().signal;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  watcher.answered.mockClear();
  watcher.lost.mockClear();
});

function answers(...responses: (Response | Error)[]): ReturnType<typeof vi.fn> {
  const fetched = vi.fn(async () => {
    const next = responses.shift()!;
    if (next instanceof Error) throw next;
    return next;
  });
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

function refused(status: number, problem?: string, headers: HeadersInit = {}): Response {
  const body = problem === undefined ? "<html>" : JSON.stringify({ problem });
  return new Response(body, { status, headers });
}

async function problemOf(asked: Promise<unknown>): Promise<Problem> {
  const problem: unknown = await asked.catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(Problem);
  return problem as Problem;
}

test("an answer is read, and the server was reached", async () => {
  const fetched = answers(new Response('{"total": 2}'));
  expect(await api.json("POST", "/api/runs", { text: "a" })).toEqual({ total: 2 });
  const [path, init] = fetched.mock.calls[0] as unknown as [string, RequestInit];
  expect(path).toBe("/api/runs");
  expect(init).toMatchObject({ method: "POST", body: '{"text":"a"}', credentials: "same-origin" });
  expect(watcher.answered).toHaveBeenCalledWith(true);
});

test("what the server refuses is said in its own words", async () => {
  answers(refused(422, "text must not be empty"));
  const { message, status, wait } = await problemOf(api.json("GET", "/api/x"));
  expect([message, status, wait]).toEqual(["text must not be empty", 422, null]);
});

test("an answer that is no JSON still says its status", async () => {
  answers(refused(500));
  expect((await problemOf(api.json("GET", "/api/x"))).message).toContain("500");
});

test("a server that is gone, and one that was started again, are two things", async () => {
  answers(new TypeError("Failed to fetch"), refused(401, "no"));
  expect((await problemOf(api.json("GET", "/api/x"))).message).toBe(GONE);
  expect(watcher.lost).toHaveBeenCalledTimes(1);
  expect((await problemOf(api.json("GET", "/api/x"))).message).toBe(FOREIGN);
  expect(watcher.answered).toHaveBeenCalledWith(false);
});

test("giving up is no problem, and says nothing of the server", async () => {
  answers(new DOMException("stop", "AbortError"));
  const error = await api.json("GET", "/api/x").catch((found: unknown) => found);
  expect(isAbort(error)).toBe(true);
  expect(watcher.lost).not.toHaveBeenCalled();
});

test("a full queue is asked again after the seconds it names, counted aloud", async () => {
  vi.useFakeTimers();
  answers(refused(429, "full", { "Retry-After": "3" }), new Response('"done"'));
  const heard: (number | null)[] = [];
  const asked = retryWhenBusy(
    () => api.json("GET", "/api/x"),
    (left) => heard.push(left),
    open,
  );
  await vi.advanceTimersByTimeAsync(2_999);
  expect(heard).toEqual([null, 3, 2, 1]);
  await vi.advanceTimersByTimeAsync(1);
  expect(await asked).toBe("done");
  expect(heard.at(-1)).toBeNull();
});

test("waiting for a full queue can be given up", async () => {
  vi.useFakeTimers();
  const fetched = answers(refused(429, "full", { "Retry-After": "60" }));
  const giving = new AbortController();
  const asked = retryWhenBusy(
    () => api.json("GET", "/api/x"),
    () => {},
    giving.signal,
  );
  const ended = asked.catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(5_000);
  giving.abort();
  expect(isAbort(await ended)).toBe(true);
  expect(fetched).toHaveBeenCalledTimes(1);
});

test("other refusals are not asked again", async () => {
  const fetched = answers(refused(503, "the server is stopping"));
  const asked = retryWhenBusy(
    () => api.json("GET", "/api/x"),
    () => {},
    open,
  );
  expect((await problemOf(asked)).status).toBe(503);
  expect(fetched).toHaveBeenCalledTimes(1);
});

test("a pause of what was given up before ends at once", async () => {
  const giving = new AbortController();
  giving.abort();
  expect(isAbort(await pause(60_000, giving.signal).catch((error: unknown) => error))).toBe(true);
});
