// @vitest-environment happy-dom
import { beforeEach, expect, test } from "vitest";
import { keepScrollAndFocus } from "../src/hosts/app/scrollfocus";

const HTML = "<div><p>one</p><div class=far></div></div><button>go</button>";
let place: HTMLElement;

beforeEach(() => {
  document.body.innerHTML = `<main>${HTML}</main>`;
  place = document.querySelector("main")!;
});

test("a picture drawn again is scrolled and focused as the one before it", () => {
  place.querySelector(".far")!.scrollLeft = 40;
  place.querySelector("button")!.focus();
  const restore = keepScrollAndFocus(place);
  place.innerHTML = HTML;
  expect(place.querySelector(".far")!.scrollLeft).toBe(0);
  restore();
  expect(place.querySelector(".far")!.scrollLeft).toBe(40);
  expect(document.activeElement).toBe(place.querySelector("button"));
  expect(place.style.minHeight).toBe("");
});

test("the focus elsewhere, and parts that have gone, are let be", () => {
  document.body.append(document.createElement("input"));
  document.querySelector("input")!.focus();
  place.querySelector(".far")!.scrollTop = 9;
  const restore = keepScrollAndFocus(place);
  place.innerHTML = "";
  restore();
  expect(document.activeElement).toBe(document.querySelector("input"));
});
