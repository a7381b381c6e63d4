import { button, element, enable } from "../../parts/dom";
import type { Context } from "./context";

/** Which layer is shown: one of all, or the one before or after. */
export function layerControl(context: Context): HTMLElement {
  const { header, choices, heads } = context;
  const select = element("select", { "aria-label": "Layer" });
  select.append(
    ...header.layers.map((layer, row) => element("option", { value: row }, `layer ${layer}`)),
  );
  const go = (row: number): void => {
    if (row < 0 || row >= header.layers.length) return;
    choices.set({ head: heads.code({ layer: row, head: context.head.head }) });
  };
  select.addEventListener("change", () => go(Number(select.value)));
  const [before, after] = [-1, 1].map((step) => {
    const node = button(step < 0 ? "‹" : "›", () => go(context.head.layer + step));
    node.setAttribute("aria-label", step < 0 ? "layer before" : "layer after");
    return node;
  }) as [HTMLButtonElement, HTMLButtonElement];
  const show = (): void => {
    const row = context.head.layer;
    select.value = String(row);
    enable(before, row > 0);
    enable(after, row < header.layers.length - 1);
  };
  choices.subscribe(show);
  show();
  return element("div", { class: "controls", role: "group" }, before, select, after);
}
