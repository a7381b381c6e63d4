import { expect, test } from "vitest";
import { tagsIn } from "../src/hosts/app/askform";
import { wordsOf } from "../src/hosts/app/progress";
import type { Job } from "../src/hosts/app/records";
import { called, counted, line, dateTime, short, size } from "../src/hosts/app/words";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1.0 kB"],
  [99_499, "99 kB"],
  [538_000_000, "538 MB"],
  [999_600, "1.0 MB"],
  [4_000_000_000, "4.0 GB"],
])("%i bytes are %s", (bytes, words) => expect(size(bytes)).toBe(words));

test("a count has its noun", () => {
  expect([0, 1, 10_000].map((count) => counted(count, "run"))).toEqual([
    "0 runs",
    "1 run",
    "10,000 runs",
  ]);
});

test("a text becomes one line; what is cut is cut between characters", () => {
  expect(line(" a\n\tb ")).toBe("a b");
  expect(line("😀".repeat(5), 3)).toBe("😀😀😀…");
  expect(line("abc", 3)).toBe("abc");
});

test("a run is called by its name, else by its text", () => {
  expect(called({ name: "mine", text: "The" })).toBe("mine");
  expect(called({ name: "", text: "The" })).toBe("The");
  expect(called({ name: "", text: " \n" })).toBe("(no text)");
});

test.each([
  ["HuggingFaceTB/SmolLM2-135M", "SmolLM2-135M"],
  ["/home/me/models/mine/", "mine"],
  ["C:\\models\\mine", "mine"],
  ["gpt2", "gpt2"],
])("the model %s is called %s", (model, name) => expect(short(model)).toBe(name));

test("a time that is none is shown as it came", () => {
  expect(dateTime("<b>")).toBe("<b>");
  expect(dateTime("2026-11-22T07:33:00+00:00")).toMatch(/2026/);
});

test("tags are separated by commas, each once and none empty", () => {
  expect(tagsIn(" a, b b ,,a,")).toEqual(["a", "b b"]);
});

test("work says where it is", () => {
  const job: Job = {
    id: "1", state: "queued", place: 2, done: 0, total: 0, what: "", run: null, problem: "",
  }; // prettier-ignore
  expect(wordsOf(job)).toBe("Waiting in the queue: 2 before it");
  expect(wordsOf({ ...job, place: 0 })).toBe("Waiting for the model");
  const running = { ...job, state: "running", what: "generating" } as const;
  expect(wordsOf({ ...running, done: 3, total: 8 })).toBe("generating · 3 of 8");
  expect(wordsOf(running)).toBe("generating");
  expect(wordsOf({ ...job, state: "failed" })).toBe("");
});
