import { expect, test, vi } from "vitest";
import { layerLink, Selection } from "../src/parts/selection";
import { Place } from "./places";

const NOTHING = { at: null, layer: null, head: null };

test("what is picked is what the address says", () => {
  const place = new Place();
  const selection = new Selection(place);
  expect(selection.picked).toEqual(NOTHING);
  selection.set({ at: 4, layer: -1, head: 3 });
  expect(place.fragment).toBe("at=4&layer=in&head=3");
  expect(new Selection(place).picked).toEqual({ at: 4, layer: -1, head: 3 });
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
  expect(heard).toHaveBeenCalledExactlyOnceWith({ at: 3, layer: null, head: null });
  stop();
  selection.set({ at: 4 });
  expect(heard).toHaveBeenCalledOnce();
});

test("a layer is chosen by its printed name", () => {
  expect(layerLink.write("in")).toEqual({ layer: -1 });
  expect(layerLink.read({ ...NOTHING, layer: -1 }, "")).toBe("in");
});
