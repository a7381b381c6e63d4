import { expect, test } from "vitest";
import { bindAddress, fragmentOf, stateOf, type Address } from "../src/parts/address";
import { createStore, type State } from "../src/parts/selection";

const INITIAL: State = {
  at: 4,
  layer: 29,
  inside: false,
  pinned: false,
  hover: null,
  mode: "probability",
  finalOnTop: true,
  inputRow: true,
  overview: false,
  panel: "",
};

test.each<[Partial<State>, string]>([
  [{}, ""],
  [{ at: 2, layer: 3, mode: "rank" }, "at=2&layer=3&mode=rank"],
  [{ layer: -1, pinned: true }, "layer=in&pinned=yes"],
  [{ inside: true, finalOnTop: false, inputRow: false }, "inside=yes&final=bottom&input=hidden"],
  [{ overview: true, panel: "table" }, "cells=fit&show=table"],
])("a state is what its fragment says (%#)", (change, fragment) => {
  expect(fragmentOf({ ...INITIAL, ...change }, INITIAL)).toBe(fragment);
  expect(stateOf(`#${fragment}`)).toEqual(change);
});

test.each(["at=x", "at=-1", "layer=1.5", "show=all", "pinned=maybe", "foo=1", "at=99999999999"])(
  "what can't be read is left out: %s",
  (fragment) => expect(stateOf(fragment)).toEqual({}),
);

/** An address in memory. */
function address(): Address & { fragment: string; change: (fragment: string) => void } {
  let listener = (): void => {};
  return {
    fragment: "",
    read() {
      return this.fragment;
    },
    write(fragment) {
      this.fragment = fragment;
    },
    subscribe(given) {
      listener = given;
      return () => (listener = () => {});
    },
    change(fragment) {
      this.fragment = fragment;
      listener();
    },
  };
}

test("a store and its address follow each other until they are parted", () => {
  const [store, place] = [createStore(INITIAL), address()];
  const part = bindAddress(store, place, (change) => change);
  store.set({ at: 1 });
  expect(place.fragment).toBe("at=1");
  place.change("layer=7");
  expect(store.state).toEqual({ ...INITIAL, layer: 7 });
  part();
  store.set({ at: 0 });
  expect(place.fragment).toBe("layer=7");
});

test("hovering is not in the address", () => {
  const [store, place] = [createStore(INITIAL), address()];
  bindAddress(store, place, (change) => change);
  store.set({ hover: { at: 0, layer: 0, inside: false } });
  expect(place.fragment).toBe("");
});
