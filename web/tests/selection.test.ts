import { expect, test, vi } from "vitest";
import { headLink, layerLink, Selection, slotLink, sourceLink } from "../src/parts/selection";
import { Place } from "./places";

const NOTHING = { at: null, layer: null, head: null, source: null };

test("what is picked is what the address says", () => {
  const place = new Place();
  const selection = new Selection(place);
  expect(selection.picked).toEqual(NOTHING);
  selection.set({ at: 4, layer: -1, head: 3 });
  expect(place.fragment).toBe("at=4&layer=in&head=3");
  expect(new Selection(place).picked).toEqual({ at: 4, layer: -1, head: 3, source: null });
  selection.set({ layer: null });
  expect(place.fragment).toBe("at=4&head=3");
});

test.each(["at=in", "layer=1.5", "head=-1", "layer=out"])(
  "what is no selection is left out: %s",
  (fragment) => expect(new Selection(new Place(fragment)).picked).toEqual(NOTHING),
);

test("a listener hears of changes only, until it stops", () => {
  const selection = new Selection(null);
  const heard = vi.fn();
  const stop = selection.subscribe(heard);
  selection.set({ at: 3 });
  selection.set({ at: 3 });
  expect(heard).toHaveBeenCalledExactlyOnceWith({ at: 3, layer: null, head: null, source: null });
  stop();
  selection.set({ at: 4 });
  expect(heard).toHaveBeenCalledOnce();
});

test("a token of the source is picked beside one of the target, each in its own numbers", () => {
  const place = new Place("at=4");
  const selection = new Selection(place);
  selection.set({ source: 2 });
  expect(place.fragment).toBe("at=4&source=2");
  const link = sourceLink([1, 2, 3]);
  expect(link.read(selection.picked, "0")).toBe("1");
  expect(link.read({ ...NOTHING, at: 3 }, "0")).toBeNull();
  expect(link.write("2")).toEqual({ source: 3 });
});

test("a layer is chosen by its printed name", () => {
  expect(layerLink.write("in")).toEqual({ layer: -1 });
  expect(layerLink.read({ ...NOTHING, layer: -1 }, "")).toBe("in");
});

test("where the address says no position, the one that is given is picked and not written", () => {
  const place = new Place();
  const selection = new Selection(place, 4);
  expect(selection.picked.at).toBe(4);
  selection.set({ at: 5 });
  selection.set({ at: 4 });
  expect(place.fragment).toBe("");
  expect(new Selection(new Place("at=2"), 4).picked.at).toBe(2);
});

test("a slot is the position of the first run; one without it stays until another is picked", () => {
  const link = slotLink([0, 1, -1, 2]);
  expect(link.read({ ...NOTHING, at: 2 }, "0")).toBe("3");
  expect(link.write("1")).toEqual({ at: 1 });
  expect(link.write("2")).toEqual({});
  expect(link.read({ ...NOTHING, at: 1, layer: 3 }, "2")).toBe("2");
  expect(link.read({ ...NOTHING, at: 0 }, "2")).toBe("0");
});

test("a layer alone keeps the head's number", () => {
  const link = headLink();
  expect(link.read({ at: null, layer: 3, head: null, source: null }, "1.7")).toBe("3.7");
  expect(link.read({ at: null, layer: 3, head: 2, source: null }, "1.7")).toBe("3.2");
  expect(link.write("9.4")).toEqual({ layer: 9, head: 4 });
  expect(headLink({ head: false }).write("9.0")).toEqual({ layer: 9, head: null });
});
