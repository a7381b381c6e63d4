import type { Source } from "./live";
import { query, type Pairs } from "./route";

/** A lens of a run on the server. */
export function sourceOf(run: string, lens: string, given: Pairs = []): Source {
  const path = `/api/runs/${encodeURIComponent(run)}/views/${encodeURIComponent(lens)}`;
  const source = { packet: path + query(given), ask: `${path}/ask${query(given)}` };
  if (lens !== "logit_lens" || given.some(([name]) => name === "positions")) return source;
  return { ...source, first: (columns, at) => path + query([...given, ...looked(columns, at)]) };
}

function looked(columns: number, at: string | null): Pairs {
  const chosen = at !== null && /^\d{1,6}$/.test(at);
  return [["look", String(columns)], ...(chosen ? [["at", at] as [string, string]] : [])];
}

/** The same as a page that opens offline. */
export function pageOf(run: string, lens: string, given: Pairs): string {
  return `/api/runs/${encodeURIComponent(run)}/page/${encodeURIComponent(lens)}${query(given)}`;
}

/** Two runs under one lens; the same as a page. */
export function compared(a: string, b: string, lens: string): Source & { readonly page: string } {
  const given = query([
    ["a", a],
    ["b", b],
    ["lens", lens],
  ]);
  return {
    packet: `/api/compare${given}`,
    ask: `/api/compare/ask${given}`,
    page: `/api/compare/page${given}`,
  };
}

/** The next tokens of a text, its tree as a page, a node of it as a run; a session has a tree of its own. */
export function explored(
  model: string,
  text: string,
  session: string,
): Source & { readonly page: string; readonly run: string } {
  const given = `?${new URLSearchParams({ model, text, session })}`;
  return {
    packet: `/api/explore${given}`,
    ask: `/api/explore/ask${given}`,
    page: `/api/explore/page${given}`,
    run: `/api/explore/run${given}`,
  };
}
