import { expect, test } from "vitest";
import { hrefOf, routeOf, type Route } from "../src/hosts/app/route";
import { compared, explored, pageOf, sourceOf } from "../src/hosts/app/sources";

function read(href: string): Route {
  const { pathname, search } = new URL(href, "http://127.0.0.1:8000");
  return routeOf({ pathname, search });
}

const ROUTES: readonly (readonly [string, Route])[] = [
  ["/", { screen: "start", job: "" }],
  ["/?job=0123456789abcdef", { screen: "start", job: "0123456789abcdef" }],
  ["/runs", { screen: "runs", search: "", tag: "", page: 1 }],
  ["/runs?search=a+b%26c&tag=%3Cscript%3E&page=3", {
    screen: "runs", search: "a b&c", tag: "<script>", page: 3,
  }],
  ["/runs/ab12", { screen: "run", id: "ab12", lens: "report", given: [] }],
  ["/runs/ab12/watch?tokens=+is&tokens=+are%2C", {
    screen: "run", id: "ab12", lens: "watch", given: [["tokens", " is"], ["tokens", " are,"]],
  }],
  ["/explore?model=m&text=The+%E6%9D%B1%0A", { screen: "explore", model: "m", text: "The 東\n" }],
  ["/compare?a=1&b=2", { screen: "compare", a: "1", b: "2", lens: "logit_lens" }],
  ["/compare?a=1&lens=attention", { screen: "compare", a: "1", b: "", lens: "attention" }],
  ["/models", { screen: "models" }],
]; // prettier-ignore

test.each(ROUTES)("%s is a screen, and the screen is that path", (href, route) => {
  expect(read(href)).toEqual(route);
  expect(hrefOf(route)).toBe(href);
});

test.each(["/runs/a/b/c", "/explore/x", "/nothing", "/constructor"])("%s is nowhere", (path) => {
  expect(read(path)).toEqual({ screen: "nowhere", path });
});

test.each(["0", "-1", "1.5", "x", "99999999"])("the page %s of the list is the first", (page) => {
  expect(read(`/runs?page=${page}`)).toMatchObject({ page: 1 });
});

test("a path that can't be decoded is taken as it is", () => {
  expect(read("/runs/%E0%A4%A")).toMatchObject({ screen: "run", id: "%E0%A4%A" });
});

test("no name leaves its place in the API's paths", () => {
  expect(sourceOf("../x", "a/b", [["at", "-1"]])).toEqual({
    packet: "/api/runs/..%2Fx/views/a%2Fb?at=-1",
    ask: "/api/runs/..%2Fx/views/a%2Fb/ask?at=-1",
  });
  expect(pageOf("ab", "walk", [["layer", "3"]])).toBe("/api/runs/ab/page/walk?layer=3");
  expect(compared("1&b=9", "2", "saliency").page).toBe(
    "/api/compare/page?a=1%26b%3D9&b=2&lens=saliency",
  );
  expect(explored("m", "a&b", "7").ask).toBe("/api/explore/ask?model=m&text=a%26b&session=7");
});
