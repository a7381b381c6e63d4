import { tableBox } from "./candidates";
import { element, type Child } from "./dom";

/**
 * Numbers as a table that scrolls by itself; each row begins with its own heading.
 * Heads stand over numbers, on the right, but for the last `texts` columns.
 */
export function dataTable(
  caption: string,
  heads: readonly Child[],
  rows: readonly HTMLElement[],
  texts = 0,
): HTMLElement {
  const cells = heads.map((head, i) => {
    const isText = i >= heads.length - texts;
    return element("th", { scope: "col", class: isText ? "is-text" : null }, head);
  });
  const table = element(
    "table",
    { class: "datatable" },
    element("caption", { class: "visually-hidden" }, caption),
    element("thead", {}, element("tr", {}, ...cells)),
    element("tbody", {}, ...rows),
  );
  return tableBox(caption, table);
}

/** The same, closed until it is asked for. */
export function foldedTable(...table: Parameters<typeof dataTable>): HTMLElement {
  return element("details", {}, element("summary", {}, "Read as a table"), dataTable(...table));
}
