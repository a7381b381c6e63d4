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

test("of a long text only the chips near what can be seen are nodes, and the chosen one", () => {
  const made = strip(...Array.from({ length: 4096 }, (_, i) => chip(`t${i}`)));
  const labels = (): (string | null)[] =>
    [...made.element.querySelectorAll(".token")].map((node) => node.textContent);
  made.repaint(Array.from({ length: 4096 }, (_, i) => (i === 3000 ? "red" : null)));
  made.mark({ chosen: 0, follows: 1, hover: -1 });
  expect(labels()).toContain("t0");
  expect(labels()).not.toContain("t3000");
  made.mark({ chosen: 3000, follows: 3001, hover: 3002 });
  const marked = [".is-chosen", ".is-next", ".is-hover", '[tabindex="0"]'].map(
    (name) => made.element.querySelector(name)?.textContent,
  );
  expect(marked).toEqual(["t3000", "t3001", "t3002", "t3000"]);
  const chosen = made.element.querySelector<HTMLElement>(".is-chosen")!;
  expect(chosen.style.backgroundColor).toBe("red");
  expect(chosen.getAttribute("aria-posinset")).toBe("3001");
  expect(labels().length).toBeLessThan(1000);
  made.mark({ chosen: 0, follows: 1, hover: -1 });
  chosen.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  expect(handlers.choose).toHaveBeenLastCalledWith(3000);
});
