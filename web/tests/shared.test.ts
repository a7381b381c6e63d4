// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import { Selection } from "../src/parts/selection";
import type { Theme } from "../src/parts/theme";
import type { Header } from "../src/spec/spec";
import { Grid, type Spec } from "../src/spec/spec";
import { factorsView } from "../src/views/factors";
import type { Host, View } from "../src/views/host";
import { neuronsView } from "../src/views/neurons";
import { saliencyView } from "../src/views/saliency";
import { watchView } from "../src/views/watch";
import { Place } from "./places";

const THEME: Theme = {
  scheme: "light",
  toggle: () => {},
  subscribe: () => () => {},
  dispose: () => {},
};
/** Three tokens were read, two came out. */
const ROW = {
  title: "",
  heading: "",
  about: "",
  sentence: [],
  provenance: [],
  notes: [],
  positions: [0, 1, 2, 3, 4],
  inputs: ["a", "b", "c", "d", "e"],
  texts: ["a", "b", "c", "d", "e"],
  produced: [false, false, false, true, true],
  roles: ["", "", "", "", ""],
};

const numbers = (...shape: number[]): Grid => {
  const length = shape.reduce((product, size) => product * size, 1);
  return new Grid(
    Float32Array.from({ length }, (_, i) => i + 1),
    shape,
  );
};

function made<H extends Header>(header: object, arrays: Record<string, Grid>): Spec<H> {
  return { kind: "", header: { ...ROW, ...header } as unknown as H, arrays, later: {} };
}

const FACTORS = made(
  { share: [0.6, 0.4], neurons: [1, 1], half: [1, 1], layers: [0], exclude: [], colouring: "" },
  { activation: numbers(2, 5), overlap: numbers(2, 2), per_layer: numbers(2, 1) },
);
const SALIENCY = made(
  {
    words: [0, 1, 2, 3, 4],
    targets: [3, 4],
    explained: ["d", "e"],
    terms: [["explains", ""]],
    threshold: 1,
    method: "",
    value_unit: "",
  },
  {
    share: numbers(2, 5),
    score: numbers(2, 5),
    value: numbers(2),
    gap: numbers(2),
    moved: numbers(2),
  },
);
const NEURONS = made(
  { layers: [0, 2], of: [1, 1], first: 1, chosen: false, gated: false, low: 0, high: 9 },
  { neuron: numbers(2, 1), activation: numbers(2, 1, 5), activity: numbers(2, 1) },
);
const WATCH = made(
  { layers: [-1, 0, 1, 2], tokens: ["x"], position: 4, read: "e", came: "", vocabulary_size: 9 },
  { rank: numbers(4, 1), probability: numbers(4, 1) },
);

beforeEach(() => {
  document.body.replaceChildren();
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
});

/** The views on one page, each in a section of its own; the selection that they share. */
function page(place: Place) {
  const selection = new Selection(place);
  const views: readonly (readonly [string, View, Spec])[] = [
    ["factors", factorsView, FACTORS],
    ["saliency", saliencyView, SALIENCY],
    ["neurons", neuronsView, NEURONS],
    ["watch", watchView, WATCH],
  ];
  const stops = views.map(([name, view, spec]) => {
    const root = document.createElement("section");
    root.id = name;
    document.body.append(root);
    const host: Host = {
      theme: THEME,
      address: place,
      scope: `${name}.`,
      selection,
      alone: false,
      nested: true,
      ask: null,
      section: null,
      show: null,
    };
    return view(spec, root, host);
  });
  return { selection, stops };
}

const text = (query: string): string => document.querySelector(query)!.textContent!;
const chosen = (): string[] => [
  text("#factors .token.is-chosen"),
  text("#saliency .readout h2"),
  text("#neurons .chip-in"),
];
const click = (query: string): void => {
  document.querySelector(query)!.dispatchEvent(new MouseEvent("click", { bubbles: true }));
};

test("a token picked in one view is picked in all: its saliency, and what produced it", () => {
  const place = new Place();
  page(place);
  click("#factors .token:nth-child(4)"); // d, which position 2 produced
  expect(chosen()).toEqual(["d", "Why d?", "c"]);
  click("#saliency .token:nth-child(5)");
  expect(chosen()).toEqual(["e", "Why e?", "d"]);
  expect(place.fragment).toBe("saliency.pinned=yes&at=3");
});

test("a token that a view does not have leaves it as it was", () => {
  const { selection } = page(new Place());
  selection.set({ at: 2 });
  selection.set({ at: 0 });
  expect(chosen()).toEqual(["a", "Why d?", "a"]);
});

test("a token of the text stays the one that was clicked, though what it produced is chosen", () => {
  page(new Place());
  click("#factors .token:nth-child(3)");
  expect(chosen()).toEqual(["c", "Why d?", "c"]);
});

test("a layer picked in one view is picked in all, and kept in the address", () => {
  const place = new Place("layer=2");
  page(place);
  expect(text("#watch .readout h2")).toBe("After layer 2");
  expect(text("#neurons p[aria-live]")).toContain("of layer 2");
  place.change("layer=0");
  expect(text("#watch .readout h2")).toBe("After layer 0");
  expect(text("#neurons p[aria-live]")).toContain("of layer 0");
});

test("a page of several views has no masthead of a view and is left empty", () => {
  const { stops } = page(new Place());
  expect(document.querySelectorAll("main, .masthead")).toHaveLength(0);
  for (const stop of stops) stop();
  for (const name of ["factors", "saliency", "neurons", "watch"]) {
    expect(document.getElementById(name)!.childElementCount).toBe(0);
  }
});
