import { expect, test, vi } from "vitest";
import { createStore, sameCell, shownCell, type State } from "../src/parts/selection";

const CELL = { at: 1, layer: 2, inside: false };
const OTHER = { at: 0, layer: 2, inside: false };
const STATE = { ...CELL, pinned: false, hover: null } as unknown as State;

test("a listener hears of changes only, with the state before", () => {
  const store = createStore(STATE);
  const heard = vi.fn();
  const stop = store.subscribe(heard);
  store.set({ at: 1 });
  expect(heard).not.toHaveBeenCalled();
  store.set({ at: 3 });
  expect(heard).toHaveBeenCalledExactlyOnceWith({ ...STATE, at: 3 }, STATE);
  stop();
  store.set({ at: 4 });
  expect(heard).toHaveBeenCalledOnce();
});

test("the shown cell is the one under the pointer, unless one is pinned", () => {
  expect(sameCell(shownCell(STATE), CELL)).toBe(true);
  expect(sameCell(shownCell({ ...STATE, hover: OTHER }), OTHER)).toBe(true);
  expect(sameCell(shownCell({ ...STATE, hover: OTHER, pinned: true }), CELL)).toBe(true);
});
