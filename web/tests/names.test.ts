import { expect, test } from "vitest";
import { layerName, layerWords, neuronName } from "../src/parts/layers";

test("the state before block 0 is printed as in", () => {
  expect([layerName(-1), layerName(29)]).toEqual(["in", "29"]);
  expect(layerWords(3, true)).toBe("inside layer 3, between attention and MLP");
});

test.each<[string, [number, number?, number?]]>([
  ["17", [17]],
  ["17", [17, -1, 17]],
  ["expert 3 · 17", [161, 3, 17]],
  ["expert 0 · 0", [0, 0, 0]],
  ["shared · 5", [197, -1, 5]],
])("a neuron is printed as %s", (name, [neuron, expert, own]) => {
  expect(neuronName(neuron, expert, own)).toBe(name);
});
