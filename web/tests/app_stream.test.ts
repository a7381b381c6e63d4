// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { Stream } from "../src/hosts/app/stream";

const token = (position: number, label = `t${position}`) => ({ position, label, probability: 0.5 });

function texts(stream: Stream): (string | null)[] {
  return [...stream.element.children].map((node) => node.firstChild!.textContent);
}

test("tokens are added to those that are there, which stay as they are", () => {
  const stream = new Stream();
  stream.show([token(5)]);
  const [first] = stream.element.children;
  stream.show([token(5), token(6)]);
  expect(texts(stream)).toEqual(["t5", "t6"]);
  expect(stream.element.children[0]).toBe(first);
});

test("one that comes between them is drawn in its place", () => {
  const stream = new Stream();
  stream.show([token(5), token(7)]);
  stream.show([token(5), token(6), token(7)]);
  expect(texts(stream)).toEqual(["t5", "t6", "t7"]);
});

test("another prompt begins with nothing", () => {
  const stream = new Stream();
  stream.show([token(5), token(6)]);
  stream.show([]);
  expect(texts(stream)).toEqual([]);
  stream.show([token(2)]);
  expect(texts(stream)).toEqual(["t2"]);
});

test("a label is text, and an unknown probability says nothing", () => {
  const stream = new Stream();
  stream.show([{ ...token(1, "<b>"), probability: null }]);
  expect(texts(stream)).toEqual(["<b>"]);
  expect(stream.element.querySelector("small")!.textContent!.trim()).toBe("");
});
