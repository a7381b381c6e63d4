import { expect, test, vi } from "vitest";
import { Choices, isWhole } from "../src/parts/choices";
import { layerRowLink, positionLink, Selection, targetLink } from "../src/parts/selection";
import { kept, Place } from "./places";

const START = { mode: "rank", at: "4" };
const allowed = (name: string, value: string): boolean =>
  name === "mode" ? ["rank", "share"].includes(value) : isWhole(value, 0, 9);

test("only what differs from the start is in the address, in the order of the start", () => {
  const place = new Place();
  const choices = new Choices(START, allowed, kept(place));
  choices.set({ at: "2" });
  choices.set({ mode: "share" });
  expect(place.fragment).toBe("mode=share&at=2");
  choices.set(START);
  expect(place.fragment).toBe("");
});

test.each(["at=x", "at=-1", "at=10", "mode=all", "foo=1", "at=99999999999"])(
  "what can't be shown is left out: %s",
  (fragment) => {
    const choices = new Choices(START, allowed, kept(new Place(fragment)));
    expect([choices.get("mode"), choices.number("at")]).toEqual(["rank", 4]);
  },
);

test("the reader's hand in the address is followed until the choices are disposed", () => {
  const place = new Place("at=3");
  const choices = new Choices(START, allowed, kept(place));
  const heard = vi.fn();
  choices.subscribe(heard);
  place.change("mode=share");
  expect(heard).toHaveBeenCalledExactlyOnceWith(
    { mode: "share", at: "4" },
    { mode: "rank", at: "3" },
  );
  choices.dispose();
  place.change("");
  expect(choices.get("mode")).toBe("share");
});

test("listeners hear of changes only", () => {
  const choices = new Choices(START, allowed, kept(new Place()));
  const heard = vi.fn();
  choices.subscribe(heard);
  choices.set({ at: "4" });
  expect(heard).not.toHaveBeenCalled();
});

test("views of a page write their own names and leave the others'", () => {
  const place = new Place("lens.at=1&other=7");
  const lens = new Choices(START, allowed, kept(place, "lens."));
  const race = new Choices(START, allowed, kept(place, "race."));
  expect([lens.number("at"), race.number("at")]).toEqual([1, 4]);
  race.set({ mode: "share" });
  lens.set({ at: "2" });
  expect(place.fragment).toBe("other=7&race.mode=share&lens.at=2");
});

const TOKEN = { at: positionLink([10, 11, 12]) };
const column = (_: string, value: string): boolean => isWhole(value, 0, 2);

test("a token picked in one view is picked in all, each in its own numbers", () => {
  const place = new Place();
  const selection = new Selection(place);
  const strip = new Choices({ at: "0" }, column, kept(place, "strip.", selection), TOKEN);
  const target = new Choices(
    { at: "13" },
    (_, value) => isWhole(value, 11, 13),
    kept(place, "target.", selection),
    { at: targetLink({}) },
  );
  strip.set({ at: "1" });
  expect([selection.picked.at, target.get("at")]).toEqual([11, "12"]);
  target.set({ at: "13" });
  expect(strip.get("at")).toBe("2");
  expect(place.fragment).toBe("at=12");
  place.change("at=10");
  expect([strip.get("at"), target.get("at")]).toEqual(["0", "11"]);
});

test("what a view does not have leaves its own choice as it was", () => {
  const place = new Place();
  const selection = new Selection(place);
  const strip = new Choices({ at: "0" }, column, kept(place, "strip.", selection), TOKEN);
  strip.set({ at: "2" });
  selection.set({ at: 99 });
  expect(strip.get("at")).toBe("2");
  expect(selection.picked.at).toBe(99);
});

test("a view alone keeps its linked choices in its own address", () => {
  const place = new Place("at=2");
  const choices = new Choices({ at: "0" }, column, kept(place), TOKEN);
  expect(choices.get("at")).toBe("2");
  choices.set({ at: "1" });
  expect(place.fragment).toBe("at=1");
});

test("links to layers go both ways", () => {
  const link = layerRowLink([-1, 0, 5]);
  expect(link.read({ at: null, layer: 5, head: null, source: null }, "0")).toBe("2");
  expect(link.read({ at: null, layer: null, head: null, source: null }, "0")).toBeNull();
  expect(link.write("0")).toEqual({ layer: -1 });
});

test("where there is no address a choice stays when another token is picked", () => {
  const selection = new Selection(null);
  const start = { mode: "rank", row: "0" };
  const links = { row: positionLink([0, 1, 2]) };
  const kept = { address: null, scope: "", selection };
  const choices = new Choices(start, () => true, kept, links);
  choices.set({ mode: "share" });
  selection.set({ at: 2 });
  expect([choices.get("mode"), choices.get("row")]).toEqual(["share", "2"]);
});
