// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Asked, Job } from "../src/hosts/app/records";
import { Server } from "../src/hosts/app/server";
import { Work } from "../src/hosts/app/work";

/** A stream of events that the test speaks on. */
class Stream extends EventTarget {
  readyState = 1;
  readonly close = vi.fn();

  say(name: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }

  breakOff(readyState: number): void {
    this.readyState = readyState;
    this.dispatchEvent(new Event("error"));
  }
}

const ASKED = { text: "a" } as Asked;
const JOB: Job = {
  id: "0123", state: "running", place: 0, done: 0, total: 3, what: "generating", run: null,
  problem: "",
}; // prettier-ignore
const token = (position: number) => ({ position, label: `t${position}`, probability: 0.5 });

let streams: Stream[] = [];
let said: Record<string, () => unknown> = {};
let work: Work;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", { CONNECTING: 0, OPEN: 1, CLOSED: 2 });
  streams = [];
  said = {
    "POST /api/runs": () => ({ job: "0123" }),
    "GET /api/state": () => ({ models: [] }),
  };
  const server = new Server();
  vi.spyOn(server.api, "json").mockImplementation(async (method, path) => {
    return said[`${method} ${path}`]!() as never;
  });
  vi.spyOn(server.api, "none").mockResolvedValue();
  work = new Work(server, () => {
    const stream = new Stream();
    streams.push(stream);
    return stream as unknown as EventSource;
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const positions = (): number[] => work.tokens.map(({ position }) => position);
const begun = () => work.begin(ASKED, new AbortController().signal);

test("tokens come as they are said, and the end closes the stream", async () => {
  expect(await begun()).toBe("0123");
  const [stream] = streams;
  stream!.say("state", JOB);
  stream!.say("token", token(5));
  stream!.say("token", token(6));
  expect([work.job!.state, positions()]).toEqual(["running", [5, 6]]);
  stream!.say("end", { ...JOB, state: "done", run: "ab", tokens: [token(5), token(6), token(7)] });
  expect([work.job!.run, positions()]).toEqual(["ab", [5, 6, 7]]);
  expect(stream!.close).toHaveBeenCalled();
});

test("a token that the stream has left out is there at the end", async () => {
  await begun();
  const [stream] = streams;
  for (const position of [5, 7]) stream!.say("token", token(position));
  stream!.say("end", { ...JOB, state: "done", tokens: [5, 6, 7].map(token) });
  expect(positions()).toEqual([5, 6, 7]);
});

test("a stream that begins again tells no token twice", async () => {
  await begun();
  const [stream] = streams;
  for (const position of [5, 6, 5, 6, 7]) stream!.say("token", token(position));
  expect(positions()).toEqual([5, 6, 7]);
});

test("a stream that breaks off is left to the browser, a closed one is opened again", async () => {
  await begun();
  streams[0]!.breakOff(0);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(streams).toHaveLength(1);
  said["GET /api/jobs/0123"] = () => ({ ...JOB, tokens: [token(5)] });
  streams[0]!.breakOff(2);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(streams).toHaveLength(2);
  expect(positions()).toEqual([5]);
});

test("work that is over when it is asked for is not listened to", async () => {
  said["GET /api/jobs/77"] = () => ({ ...JOB, id: "77", state: "done", run: "ab", tokens: [] });
  work.follow("77");
  await vi.advanceTimersByTimeAsync(0);
  expect([work.job!.run, streams.length]).toEqual(["ab", 0]);
});

test("following what is followed already changes nothing", async () => {
  await begun();
  streams[0]!.say("token", token(5));
  work.follow("0123");
  expect([positions(), streams.length]).toEqual([[5], 1]);
});

test("a second prompt waits for the first", async () => {
  await begun();
  await expect(begun()).rejects.toThrow("One prompt at a time");
  expect(streams).toHaveLength(1);
});

test("a new prompt leaves nothing of the one before", async () => {
  await begun();
  const [first] = streams;
  first!.say("token", token(5));
  first!.say("state", { ...JOB, state: "failed" });
  await begun();
  expect(positions()).toEqual([]);
  first!.say("token", token(6));
  expect(positions()).toEqual([]);
  expect(first!.close).toHaveBeenCalled();
});

test("what comes in a burst is drawn once, a change of state at once", async () => {
  const drawn = vi.fn();
  await begun();
  work.subscribe(drawn);
  const [stream] = streams;
  stream!.say("state", JOB);
  expect(drawn).toHaveBeenCalledTimes(1);
  for (let done = 1; done <= 50; done++) {
    stream!.say("state", { ...JOB, done });
    stream!.say("token", token(done));
  }
  expect(drawn).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(30);
  expect(drawn).toHaveBeenCalledTimes(2);
  expect([work.job!.done, work.tokens.length]).toEqual([50, 50]);
  stream!.say("end", { ...JOB, state: "cancelled" });
  expect(drawn).toHaveBeenCalledTimes(3);
});
