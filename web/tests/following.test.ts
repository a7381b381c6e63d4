// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import { Selection } from "../src/parts/selection";
import type { Theme } from "../src/parts/theme";
import { Grid, type Header, type Spec } from "../src/spec/spec";
import { candidatesView } from "../src/views/candidates";
import { compareView } from "../src/views/compare";
import { exploreView } from "../src/views/explore";
import type { Ask, Host, Question, View } from "../src/views/host";
import { pageView } from "../src/views/page";
import { placedView, type Go } from "../src/views/placed";
import { reportView } from "../src/views/report";
import { Place } from "./places";

const THEME: Theme = {
  scheme: "light",
  toggle: () => {},
  subscribe: () => () => {},
  dispose: () => {},
};
const WORDS = { title: "", heading: "", about: "", sentence: [], provenance: [], notes: [] };

beforeEach(() => {
  document.body.replaceChildren();
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
});

function numbers(...shape: number[]): Grid {
  const length = shape.reduce((product, size) => product * size, 1);
  return new Grid(
    Float32Array.from({ length }, (_, i) => (i % 7) / 8),
    shape,
  );
}

function made(header: object, arrays: Record<string, Grid> = {}): Spec {
  return { kind: "", header: { ...WORDS, ...header } as Header, arrays, later: {} };
}

function shown(view: View, spec: Spec, given: Partial<Host> = {}) {
  const selection = new Selection(null);
  const root = document.createElement("section");
  document.body.append(root);
  const common = { theme: THEME, address: null, scope: "", selection, alone: false, nested: true };
  const stop = view(spec, root, { ...common, ask: null, section: null, show: null, ...given });
  return { selection: given.selection ?? selection, root, stop };
}

const text = (root: Element, query: string): string => root.querySelector(query)!.textContent!;

/** A packet of a picture of one place; see spec/packet.ts. */
function packetOf(at: number, layer: number): Grid {
  const header = { ...WORDS, at, layer };
  const envelope = { version: 1, kind: "walk", header, arrays: [] };
  const words = new TextEncoder().encode(JSON.stringify(envelope));
  const bytes = new Uint8Array(4 + words.length);
  new DataView(bytes.buffer).setUint32(0, words.length, true);
  bytes.set(words, 4);
  return new Grid(bytes, [bytes.length]);
}

interface PlaceHeader extends Header {
  readonly at: number;
  readonly layer: number;
}

function placed(follows: boolean) {
  let last: Go = null;
  const view = placedView<PlaceHeader>(
    {
      of: ({ at, layer }) => ({ at, layer }),
      question: ({ at, layer }) => ({ what: "walk", at, layer }),
      call: ({ at, layer }) => `walk(${at}, ${layer})`,
      follows,
    },
    ({ header }, _, go) => {
      last = go;
      const card = document.createElement("div");
      card.className = "drawn";
      card.textContent = `${header.at}.${header.layer}`;
      return { cards: [card] };
    },
  );
  return { view, go: () => last };
}

const answers = (): Ask & ReturnType<typeof vi.fn> =>
  vi.fn(async ({ at, layer }: Question) => packetOf(at as number, layer as number));

test("a picture of one place says where it is not of what is picked, and how to get it", () => {
  const { view, go } = placed(false);
  const { selection, root, stop } = shown(view, made({ at: 4, layer: 2 }));
  const note = root.querySelector<HTMLElement>(".elsewhere")!;
  expect(note.hidden).toBe(true);
  selection.set({ at: 7 });
  expect(note.textContent).toBe("This is position 4; picked is position 7. walk(7, 2) shows it.");
  selection.set({ layer: 5 });
  expect(text(root, ".elsewhere code")).toBe("walk(7, 5)");
  selection.set({ layer: -1 });
  expect(text(root, ".elsewhere code")).toBe("walk(7, 2)");
  selection.set({ at: 4 });
  expect(note.hidden).toBe(true);
  expect(go()).toBeNull();
  stop();
  expect(root.childElementCount).toBe(0);
});

test("where Python answers, it is drawn there when that is wanted, and the page goes along", async () => {
  const ask = answers();
  const { view, go } = placed(false);
  const { selection, root } = shown(view, made({ at: 4, layer: 2 }), { ask });
  selection.set({ at: 7 });
  expect(ask).not.toHaveBeenCalled();
  root.querySelector<HTMLElement>(".elsewhere button")!.click();
  await vi.waitFor(() => expect(text(root, ".drawn")).toBe("7.2"));
  go()!({ at: 1, layer: 0 });
  await vi.waitFor(() => expect(text(root, ".drawn")).toBe("1.0"));
  expect(selection.picked).toMatchObject({ at: 1, layer: 0, head: null });
  expect(root.querySelectorAll(".drawn")).toHaveLength(1);
});

test("one that follows asks once the reader has settled, and an answer that is late is dropped", async () => {
  vi.useFakeTimers();
  const ask = answers();
  const { selection, root } = shown(placed(true).view, made({ at: 4, layer: 2 }), { ask });
  for (const at of [5, 6, 7]) selection.set({ at });
  await vi.advanceTimersByTimeAsync(1000);
  expect(ask).toHaveBeenCalledExactlyOnceWith({ what: "walk", at: 7, layer: 2 });
  expect(text(root, ".drawn")).toBe("7.2");
  let answer = (): void => {};
  ask.mockImplementationOnce(
    () => new Promise((resolve) => (answer = () => resolve(packetOf(9, 2)))),
  );
  selection.set({ at: 9 });
  await vi.advanceTimersByTimeAsync(1000);
  selection.set({ at: 7 });
  answer();
  await vi.advanceTimersByTimeAsync(1000);
  expect(text(root, ".drawn")).toBe("7.2");
  vi.useRealTimers();
});

const CANDIDATES = made(
  {
    layers: [-1, 0, 1],
    k: 1,
    position: 3,
    label: "a",
    next: "",
    next_id: -1,
    vocabulary: ["x"],
    words: "",
    float32: ["", "", ""],
  },
  {
    top_index: new Grid(new Int32Array(3), [3, 1]),
    top_id: new Grid(new Int32Array(3), [3, 1]),
    top_probability: numbers(3, 1),
    top_logit: numbers(3, 1),
  },
);

test("the table of candidates marks the layer that is picked", () => {
  const { selection, root } = shown(candidatesView, CANDIDATES);
  expect(root.querySelector("tr.is-chosen")).toBeNull();
  selection.set({ layer: -1, at: 2 });
  expect(text(root, "tr.is-chosen th")).toBe("in");
  expect(text(root, ".elsewhere code")).toBe("ct.predictions(trace, at=2)");
});

const COMPARED = made(
  {
    names: ["a", "b"],
    lens: "logit_lens",
    rows: ["in", "0", "1"],
    row_axis: "layer",
    column_axis: "position",
    upwards: true,
    columns: {
      at: [
        [0, 1, -1, 2],
        [0, -1, 1, 2],
      ],
      inputs: [
        ["p", "q", "", "s"],
        ["p", "", "r", "s"],
      ],
      produced: [Array(4).fill(false), Array(4).fill(false)],
      same: [true, false, false, true],
    },
    quantities: [
      { name: "rank", words: "", unit: "", scale: "log", share: false, low: 1, high: 9, gap: 2 },
    ],
    opens_with: "rank",
    opens: { row: 2, column: 0 },
    vocabulary: [],
  },
  { rank: numbers(3, 3, 4) },
);

test("a comparison follows by the first run's positions and by layers, and is followed", () => {
  const { selection, root } = shown(compareView, COMPARED);
  selection.set({ at: 2, layer: 0 });
  expect(text(root, ".readout")).toContain("s");
  expect(text(root, ".readout .about")).toBe("after layer 0 · position 2");
  const grid = root.querySelector<HTMLElement>(".grid")!;
  const press = (key: string) => grid.dispatchEvent(new KeyboardEvent("keydown", { key }));
  press("ArrowLeft"); // a slot of the second run alone
  expect(selection.picked).toMatchObject({ at: 2, layer: 0, head: null });
  press("ArrowUp");
  expect(selection.picked.layer).toBe(1);
  expect(text(root, ".readout .about")).toContain("– / 1");
  press("ArrowLeft");
  expect(selection.picked).toMatchObject({ at: 1, layer: 1, head: null });
});

const node = (parent: number, ...labels: string[]) => ({
  parent,
  labels,
  token_id: 1,
  text: "",
  probability: 0.5,
  entropy: 1,
});
const EXPLORED = made(
  {
    nodes: [node(-1, "a", "b", "c"), node(0, "d"), node(1, "e")],
    at: 2,
    k: 1,
    temperature: 1,
    top_k: null,
    top_p: null,
    temperatures: [1],
    vocab: 9,
    vocabulary: ["x"],
    samples: [],
  },
  {
    candidate_id: numbers(3, 1),
    candidate_index: new Grid(new Int32Array(3), [3, 1]),
    candidate_logit: numbers(3, 1),
    log_total: numbers(3, 1),
  },
);

test("the explorer goes back to where a picked token is read, and says where it is", () => {
  const { selection, root } = shown(exploreView, EXPLORED);
  const here = (): string => root.querySelector("[aria-selected=true]")!.getAttribute("data-node")!;
  expect(here()).toBe("2");
  selection.set({ at: 2 });
  expect(here()).toBe("0");
  root.querySelector<HTMLElement>("[data-node='1'] > .explore-node")!.click();
  expect(selection.picked.at).toBe(3);
  selection.set({ at: 9 });
  expect(here()).toBe("1");
});

test("inside a report a picture has no provenance and no second heading", () => {
  const view = pageView(() => {
    const card = document.createElement("section");
    card.innerHTML = "<h2>Why?</h2><h2>And how?</h2>";
    return { cards: [card] };
  });
  const spec = made({ heading: "Why?", provenance: [["model", "m"]], notes: ["take care"] });
  const { root } = shown(view, spec);
  const heads = [...root.querySelectorAll("h2")].map((head) => head.className);
  expect(heads).toEqual(["visually-hidden", ""]);
  expect(root.querySelector("details")).toBeNull();
  expect(text(root, ".notes")).toBe("take care");
  const alone = shown(view, spec, { nested: false });
  expect(alone.root.querySelector("h2")!.className).toBe("");
  expect(text(alone.root, "details")).toContain("How this was made");
});

test("a page of the app that comes back to a report finds its sections open", async () => {
  const header = {
    positions: [0, 1],
    inputs: ["a", "b"],
    texts: ["a", "b"],
    produced: [false, true],
    roles: ["", ""],
    next_ids: [1, -1],
    opens_at: 0,
    vocabulary: ["x"],
    accounts: [[[["b", "5 %", { section: "two", at: null, layer: 3, head: null }]]], []],
    sections: ["one", "two"].map((name) => {
      return { name, title: name, question: `${name}?`, kind: "k", at: null, missing: null };
    }),
  };
  const arrays = {
    top_index: new Grid(new Int32Array(2), [2, 1]),
    token_id: new Grid(new Int32Array(2), [2, 1]),
    probability: numbers(2, 1),
  };
  const address = new Place("open=one");
  const section = vi.fn(async (name: string) => made({ heading: name }));
  const show = vi.fn((_spec: Spec, root: HTMLElement) => {
    root.append("drawn");
    return () => root.replaceChildren();
  });
  const selection = new Selection(address, 0);
  const given = { address, selection, section, show };
  const { root, stop } = shown(reportView, made(header, arrays), given);
  await vi.waitFor(() => expect(show).toHaveBeenCalledOnce());
  expect(section.mock.calls).toEqual([["one"]]);
  root.querySelector<HTMLElement>(".account .link")!.click();
  expect(address.fragment).toBe("layer=3&open=one,two");
  await vi.waitFor(() => expect(show).toHaveBeenCalledTimes(2));
  expect(show.mock.lastCall).toMatchObject([{}, {}, { scope: "two.", section: "two" }]);
  address.change("open=two");
  const [one, two] = root.querySelectorAll<HTMLElement>(".section-body");
  expect([one!.hidden, two!.hidden]).toEqual([true, false]);
  stop();
  expect(root.childElementCount).toBe(0);
});
