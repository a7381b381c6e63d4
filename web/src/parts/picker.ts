import type { Choices } from "./choices";
import { button, element, press } from "./dom";

/** A group of buttons of which one is pressed: the values of one choice. */
export function picker(
  choices: Choices,
  name: string,
  label: string,
  options: readonly (readonly [value: string, words: string])[],
): HTMLElement {
  const buttons = options.map(([value, words]) => {
    return [value, button(words, () => choices.set({ [name]: value }), false)] as const;
  });
  const show = (): void =>
    buttons.forEach(([value, node]) => press(node, choices.get(name) === value));
  choices.subscribe(show);
  show();
  const group = element("div", { class: "controls", role: "group", "aria-label": label });
  group.append(...buttons.map(([, node]) => node));
  return group;
}

/** Whether a grid's cells have numbers, or are narrow and show all of it at once. */
export function cellsPicker(choices: Choices): HTMLElement {
  return picker(choices, "cells", "Cells", [
    ["numbers", "numbers"],
    ["overview", "overview"],
  ]);
}
