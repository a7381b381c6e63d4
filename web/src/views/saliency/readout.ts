import { chip, element } from "../../parts/dom";
import { percent, quantity } from "../../parts/format";
import { signed } from "../../parts/signed";
import type { Piece, Shares, Told } from "./shares";

const NAMED = 8;
/** Pixels of one of them. */
const LINE = 34;

/** The chosen target in numbers: what is explained, its largest sources, whether it converged. */
export function readout(
  shares: Shares,
  pieces: readonly Piece[],
  chosen: Piece,
  told: readonly (Told | null)[],
): HTMLElement[] {
  const { header } = shares;
  const unit = header.value_unit === "logit" ? "" : header.value_unit; // the words name it
  const values = shares.explained(chosen).map((value) => quantity(value, unit));
  const title = element("h2", {}, "Why ", chip(shares.said(chosen), "out"), "?");
  const value = element("p", { class: "hint" }, `${header.terms[0]![1]}: ${values.join(", ")}`);
  const order = told
    .map((numbers, i) => [numbers, i] as const)
    .filter((pair): pair is [Told, number] => pair[0] !== null && !Number.isNaN(pair[0].share))
    .sort(([a], [b]) => b.share - a.share);
  const most = order[0]?.[0].share || 1;
  const lines = order.slice(0, NAMED).map(([numbers, i]) => line(pieces[i]!, numbers, most));
  const rest = order.slice(NAMED).reduce((sum, [numbers]) => sum + numbers.share, 0);
  const left =
    order.length > NAMED
      ? element("p", { class: "hint" }, `${order.length - NAMED} more: ${percent(rest)}`)
      : null;
  const none = order.length ? null : element("p", {}, "No token has a score.");
  const list = element("div", { class: "share-list" }, ...lines, left, none);
  // As high as the longest list, so that what stands below keeps its place.
  list.style.minHeight = `${LINE * (Math.min(NAMED, shares.columns) + 1)}px`;
  return [title, badge(shares, chosen), value, ofSource(shares, pieces, told), list].filter(
    (node): node is HTMLElement => node !== null,
  );
}

/** How much of it all lies on the source, and on what was said before. */
function ofSource(
  shares: Shares,
  pieces: readonly Piece[],
  told: readonly (Told | null)[],
): HTMLElement | null {
  if (!shares.before) return null;
  const known = told.map((numbers, i) => (pieces[i]!.read && numbers?.share) || 0);
  const part = percent(known.reduce((sum, share) => sum + share, 0));
  return element("p", { class: "hint" }, element("b", {}, part), " of it lies on the source.");
}

function line(piece: Piece, { share, score }: Told, most: number): HTMLElement {
  const bar = element("i", { class: "share-bar", "aria-hidden": "true" });
  bar.style.width = `${(100 * share) / most}%`;
  return element(
    "div",
    { class: "share-line" },
    element(
      "span",
      {},
      chip(piece.label, piece.produced ? "out" : "in"),
      element("small", { class: "share-of" }, ` ${place(piece)}`),
    ),
    element("span", { class: "amount" }, percent(share)),
    element("span", { class: "amount is-dim" }, signed(score)),
    element("span", { class: "share-track" }, bar),
  );
}

/** Which of equal tokens it is: "at 4", of a word "at 4–6", of the source "source, at 4". */
function place({ positions, read }: Piece): string {
  const [first, last] = [positions[0]!, positions.at(-1)!];
  const at = first === last ? `at ${first}` : `at ${first}–${last}`;
  return read ? `source, ${at}` : at;
}

/** Integrated gradients say by how much they miss the whole, and how far a score still moved. */
function badge(shares: Shares, chosen: Piece): HTMLElement | null {
  const gap = shares.gapOf(chosen);
  if (Number.isNaN(gap)) return null;
  const moved = shares.movedOf(chosen);
  const bad = Math.max(gap, Number.isNaN(moved) ? 0 : moved) > shares.header.threshold;
  const told = `gap ${percent(gap)}${Number.isNaN(moved) ? "" : `, a score moved ${percent(moved)}`}`;
  const words = `${bad ? "not converged" : "converged"}: ${told}`;
  return element("p", { class: bad ? "badge is-bad" : "badge" }, words);
}
