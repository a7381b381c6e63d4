// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from "vitest";
import { TokenStrip, type Chip } from "../src/parts/strip";

const HOSTILE = "</script><img src=x onerror=alert(1)>";
const chip = (label: string, role = ""): Chip => ({
  label,
  tint: null,
  note: "",
  produced: false,
  role,
});
const handlers = { hover: vi.fn(), choose: vi.fn(), move: vi.fn(), release: vi.fn() };

function strip(...chips: Chip[]): TokenStrip {
  const made = new TokenStrip("tokens", chips, handlers);
  document.body.replaceChildren(made.element);
  return made;
}

const press = (made: TokenStrip, key: string): boolean =>
  made.element.dispatchEvent(new KeyboardEvent("keydown", { key }));

beforeEach(() => vi.clearAllMocks());

test("a hostile token is text", () => {
  const made = strip(chip(HOSTILE));
  expect(made.element.querySelector("img, script")).toBeNull();
  expect(made.element.textContent).toBe(HOSTILE);
});

test("one chip is the tab stop, and it follows the choice", () => {
  const made = strip(chip("a"), chip("b"), chip("c"));
  for (const chosen of [0, 2]) {
    made.mark({ chosen, follows: chosen + 1, hover: -1 });
    const stops = [...made.element.querySelectorAll('[tabindex="0"]')];
    expect(stops.map((node) => node.textContent)).toEqual(["abc"[chosen]]);
    expect(made.element.querySelectorAll(".is-chosen")).toHaveLength(1);
  }
  expect(made.element.querySelector(".is-next")).toBeNull();
});

test("arrow keys move within the text, Enter chooses, Escape lets go", () => {
  const made = strip(chip("a"), chip("b"), chip("c"));
  made.mark({ chosen: 1, follows: 2, hover: -1 });
  for (const key of ["ArrowRight", "ArrowLeft", "Home", "End", "Enter", "Escape"]) press(made, key);
  expect(handlers.move.mock.calls).toEqual([[2], [0], [0], [2]]);
  expect(handlers.choose.mock.calls).toEqual([[1]]);
  expect(handlers.release).toHaveBeenCalledOnce();
});

test("a role is printed where it changes", () => {
  const made = strip(chip("a", "user"), chip("b", "user"), chip("c", "assistant"));
  const roles = [...made.element.querySelectorAll(".role")].map((node) => node.textContent);
  expect(roles).toEqual(["user", "assistant"]);
});
