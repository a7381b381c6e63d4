import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { asking, LONG_PATIENCE, ANSWER_TIMEOUT, type Channel } from "../src/hosts/asking";

type Listener = Parameters<Channel["on"]>[1];
type Asked = { id: number; what: string; head: number };

/** A widget's model made by hand, and the messages that were sent to Python. */
function kernel() {
  const sent: Asked[] = [];
  const listeners = new Set<Listener>();
  const channel: Channel = {
    send: (content) => sent.push(content as Asked),
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
  };
  const answer = (content: object, ...buffers: DataView[]) =>
    listeners.forEach((listener) => listener(content, buffers));
  return { channel, sent, listeners, answer };
}

/** Bytes at an odd place of a larger buffer, as messages come. */
function inside(bytes: Uint8Array): DataView {
  const buffer = new ArrayBuffer(bytes.length + 5);
  new Uint8Array(buffer).set(bytes, 3);
  return new DataView(buffer, 3, bytes.length);
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("each answer goes to its own question, in whatever order they come", async () => {
  const { channel, sent, answer } = kernel();
  const { ask } = asking(channel);
  const [first, second] = [ask({ what: "head", head: 0 }), ask({ what: "head", head: 1 })];
  expect(sent.map(({ what, head }) => [what, head])).toEqual([
    ["head", 0],
    ["head", 1],
  ]);
  const floats = new Uint8Array(new Float32Array([0.5, 2]).buffer);
  answer({ id: sent[1]!.id, dtype: "float32", shape: [2, 1] }, inside(floats));
  answer({ id: sent[0]!.id, dtype: "uint8", shape: [3] }, inside(new Uint8Array([7, 8, 9])));
  answer({ id: 99, dtype: "uint8", shape: [0] });
  expect((await second).at(1, 0)).toBe(2);
  expect((await second).shape).toEqual([2, 1]);
  expect([...(await first).data]).toEqual([7, 8, 9]);
});

test("a problem is thrown in Python's words, and so is an answer that is cut off", async () => {
  const { channel, sent, answer } = kernel();
  const { ask } = asking(channel);
  const [first, second] = [ask({ what: "head" }), ask({ what: "head" })];
  answer({ id: sent[0]!.id, problem: "missing the model: attach it" });
  answer({ id: sent[1]!.id, dtype: "int32", shape: [3] }, inside(new Uint8Array(8)));
  await expect(first).rejects.toThrow("missing the model: attach it");
  await expect(second).rejects.toThrow('"head" is cut off');
});

test("silence is said after a while, and a late answer changes nothing", async () => {
  const { channel, sent, answer } = kernel();
  const { ask } = asking(channel);
  const silent = expect(ask({ what: "head" })).rejects.toThrow("has not answered for 30 seconds");
  await vi.advanceTimersByTimeAsync(ANSWER_TIMEOUT);
  await silent;
  answer({ id: sent[0]!.id, dtype: "uint8", shape: [0] }, inside(new Uint8Array()));
});

test("what Python computes for is waited for longer", async () => {
  const { channel, sent, answer } = kernel();
  const { ask } = asking(channel);
  const section = ask({ what: "section" });
  await vi.advanceTimersByTimeAsync(LONG_PATIENCE - 1);
  answer({ id: sent[0]!.id, dtype: "uint8", shape: [0] }, inside(new Uint8Array()));
  expect((await section).shape).toEqual([0]);
  const silent = expect(ask({ what: "walk" })).rejects.toThrow("for 600 seconds");
  await vi.advanceTimersByTimeAsync(LONG_PATIENCE);
  await silent;
});

test("when the picture is closed nothing waits and nothing listens", async () => {
  const { channel, listeners } = kernel();
  const { ask, stop } = asking(channel);
  const open = expect(ask({ what: "head" })).rejects.toThrow("closed");
  stop();
  await open;
  expect(listeners.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
