import { chip, element, type Child } from "./dom";
import type { Header } from "../spec/spec";
import { unbroken } from "./format";

/** A section: a heading that asks the question, a line that defines the number, then the picture. */
export function card(
  heading: Child,
  about: Child,
  controls: readonly HTMLElement[],
  ...body: Child[]
): HTMLElement {
  const words = element(
    "div",
    {},
    element("h2", {}, heading),
    about === null
      ? null
      : element("p", { class: "about" }, typeof about === "string" ? unbroken(about) : about),
  );
  const chosen = controls.length ? element("div", { class: "card-controls" }, ...controls) : null;
  const head = element("div", { class: "card-head" }, words, chosen);
  return element("section", { class: "card" }, head, ...body);
}

/** What is seen, in words built from the numbers: [style, text] runs. */
export function sentence(runs: Header["sentence"]): HTMLElement | null {
  if (runs.length === 0) return null;
  return element("p", { class: "sentence" }, ...runs.map(([style, text]) => styled(style, text)));
}

/** Where a cell is: what was read at its position, and what came next in truth. */
export function place(at: number, read: string, came: string): HTMLElement {
  const line = element("p", { class: "about" }, `Position ${at}: read `, chip(read, "in"));
  if (came) line.append(", then came ", chip(came, "out"));
  return line;
}

/** A run of a sentence: bold, a token that was read or came out, or plain. */
export function styled(style: string, text: string): Child {
  if (style === "b") return element("b", {}, unbroken(text));
  return style === "in" || style === "out" ? chip(text, style) : unbroken(text);
}

/** How the picture was made: every row of the header's provenance, and its notes. */
export function provenance(header: Header): HTMLElement {
  const rows = header.provenance.flatMap(([name, value]) => [
    element("dt", {}, name),
    element("dd", {}, value),
  ]);
  return element(
    "section",
    { class: "card is-wide" },
    notes(header),
    element(
      "details",
      {},
      element("summary", {}, "How this was made"),
      element("dl", { class: "provenance" }, ...rows),
    ),
  );
}

/** What must be known to read the numbers; null where there is nothing. */
export function notes(header: Header): HTMLElement | null {
  if (!header.notes.length) return null;
  return element("ul", { class: "notes" }, ...header.notes.map((note) => element("li", {}, note)));
}
