import type { Choices } from "../../parts/choices";
import { button, element, press } from "../../parts/dom";
import { picker } from "../../parts/picker";
import { VECTORS } from "./layout";
import type { Head } from "./row";
import { FEWER } from "./state";

const NAMES: Readonly<Record<string, string>> = {
  key: "key",
  product: "query × key",
  value: "value",
  weighted: "weight × value",
};

/** The buttons over the grid: which vectors, in which order, and how many entries of them. */
export function controls(head: Head, choices: Choices): HTMLElement {
  const row = element("div", { class: "step-controls" });
  if (head.before) {
    row.append(
      picker(choices, "vectors", "Queries and keys", [
        ["after", "after rotary"],
        ["before", "before rotary"],
      ]),
    );
  }
  row.append(
    picker(choices, "keys", "Order of the keys", [
      ["order", "keys in order"],
      ["weight", "most weight first"],
    ]),
    picker(choices, "entries", "Order of the entries", [
      ["order", "entries in order"],
      ["size", "largest products first"],
    ]),
    counts(head, choices),
    blocks(choices),
  );
  return row;
}

function counts(head: Head, choices: Choices): HTMLElement {
  const select = element("select", { "aria-label": "How many entries" });
  const most = Math.max(head.keySize, head.valueSize);
  const fewer = FEWER.filter((count) => count < most);
  select.append(
    element("option", { value: "all" }, `all ${most} entries`),
    ...fewer.map((count) => element("option", { value: count }, `first ${count}`)),
  );
  const show = (): void => {
    select.value = choices.get("count");
  };
  select.addEventListener("change", () => choices.set({ count: select.value }));
  choices.subscribe(show);
  show();
  return select;
}

/** Buttons that show and hide the blocks of vectors; the numbers are always there. */
function blocks(choices: Choices): HTMLElement {
  const shown = (): string[] => choices.get("show").split(",").filter(Boolean);
  const buttons = VECTORS.map((block) => {
    const toggle = (): void => {
      const now = shown();
      const next = VECTORS.filter((one) => now.includes(one) !== (one === block));
      choices.set({ show: next.join(",") });
    };
    return [block, button(NAMES[block]!, toggle, false)] as const;
  });
  const show = (): void => buttons.forEach(([block, node]) => press(node, shown().includes(block)));
  choices.subscribe(show);
  show();
  const group = element("div", { class: "controls", role: "group", "aria-label": "Vectors shown" });
  group.append(...buttons.map(([, node]) => node));
  return group;
}
