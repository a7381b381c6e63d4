import { button, element } from "../../parts/dom";

/** Turns the pages of a list, from 1 to `last`; nothing where there is one. */
export function pager(page: number, last: number, turn: (to: number) => void): HTMLElement[] {
  const step = (words: string, to: number): HTMLButtonElement => {
    const node = button(words, () => turn(to));
    node.disabled = to < 1 || to > last || to === page;
    return node;
  };
  if (last <= 1) return [];
  return [
    step("« First", 1),
    step("‹ Previous", page - 1),
    element("span", { class: "about" }, `page ${page} of ${last}`),
    step("Next ›", page + 1),
    step("Last »", last),
  ];
}
