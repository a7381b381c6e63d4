/** The screens of the app as paths, so that each can be kept, sent and gone back to. */

/** Query parameters in their order; a name may come twice. */
export type Pairs = readonly (readonly [name: string, value: string])[];

export type Route =
  | { readonly screen: "start"; readonly job: string }
  | {
      readonly screen: "runs";
      readonly search: string;
      readonly tag: string;
      /** From 1. */
      readonly page: number;
    }
  /** `given`: the arguments of the lens. */
  | {
      readonly screen: "run";
      readonly id: string;
      readonly lens: string;
      readonly given: Pairs;
    }
  | { readonly screen: "explore"; readonly model: string; readonly text: string | null }
  | {
      readonly screen: "compare";
      readonly a: string;
      readonly b: string;
      readonly lens: string;
    }
  | { readonly screen: "models" }
  | { readonly screen: "nowhere"; readonly path: string };

export type ScreenName = Route["screen"];
export type RouteOf<S extends ScreenName> = Extract<Route, { readonly screen: S }>;

/** The lens of a run's path without one, and the lens that is compared first. */
export const FIRST_LENS = "report";
export const FIRST_COMPARED = "logit_lens";

/** The screen of a path and its query. */
export function routeOf({ pathname, search }: { pathname: string; search: string }): Route {
  const query = new URLSearchParams(search);
  const said = (name: string): string => query.get(name) ?? "";
  const parts = pathname.split("/").filter(Boolean).map(decoded);
  const [first, id, lens] = parts;
  if (first === "runs" && id !== undefined && parts.length <= 3) {
    return { screen: "run", id, lens: lens ?? FIRST_LENS, given: [...query] };
  }
  if (parts.length > 1) return { screen: "nowhere", path: pathname };
  switch (first) {
    case undefined:
      return { screen: "start", job: said("job") };
    case "runs":
      return { screen: "runs", search: said("search"), tag: said("tag"), page: pageOf(query) };
    case "explore":
      return { screen: "explore", model: said("model"), text: query.get("text") };
    case "compare":
      return {
        screen: "compare",
        a: said("a"),
        b: said("b"),
        lens: said("lens") || FIRST_COMPARED,
      };
    case "models":
      return { screen: "models" };
    default:
      return { screen: "nowhere", path: pathname };
  }
}

/** The path and query of a screen; what is as it begins is left out. */
export function hrefOf(route: Route): string {
  switch (route.screen) {
    case "start":
      return `/${query([["job", route.job]])}`;
    case "runs": {
      const page = route.page > 1 ? String(route.page) : "";
      return `/runs${query([
        ["search", route.search],
        ["tag", route.tag],
        ["page", page],
      ])}`;
    }
    case "run": {
      const lens = route.lens === FIRST_LENS ? "" : `/${encodeURIComponent(route.lens)}`;
      return `/runs/${encodeURIComponent(route.id)}${lens}${query(route.given)}`;
    }
    case "explore":
      return `/explore${query([
        ["model", route.model],
        ["text", route.text ?? ""],
      ])}`;
    case "compare":
      return `/compare${query([
        ["a", route.a],
        ["b", route.b],
        ["lens", route.lens === FIRST_COMPARED ? "" : route.lens],
      ])}`;
    case "models":
      return "/models";
    case "nowhere":
      return route.path;
  }
}

/** "?a=1&b=2", or "" without any; empty values are left out. */
export function query(pairs: Pairs): string {
  const kept = pairs.filter(([, value]) => value !== "").map(([name, value]) => [name, value]);
  return kept.length ? `?${new URLSearchParams(kept)}` : "";
}

function pageOf(query: URLSearchParams): number {
  const text = query.get("page") ?? "";
  return /^[1-9]\d{0,6}$/.test(text) ? Number(text) : 1;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
