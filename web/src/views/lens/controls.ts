import { button, element, press } from "../../parts/dom";
import { INPUT_LAYER } from "../../parts/layers";
import { quantityName } from "../../parts/legend";
import type { LensHeader } from "../../spec/headers";
import type { State } from "./cell";
import type { LensState } from "./state";

/** A group of buttons that follow the page's state. */
export interface Controls {
  readonly element: HTMLElement;
  show(state: State): void;
}

type Flag = "finalOnTop" | "overview";

/** One button for each quantity that can colour the grid; exactly one is pressed. */
export function modeControls(header: LensHeader, store: LensState): Controls {
  const buttons = header.quantities.map((quantity) => {
    const { name, words } = quantity;
    const node = button(quantityName(quantity), () => store.set({ mode: name }), false);
    node.title = words;
    return [name, node] as const;
  });
  const group = element("div", { class: "controls", role: "group", "aria-label": "Colour by" });
  group.append(...buttons.map(([, node]) => node));
  return {
    element: group,
    show: (state) => buttons.forEach(([name, node]) => press(node, name === state.mode)),
  };
}

/** Those that lay the grid out, and the button that opens a panel under it. */
export interface Layout extends Controls {
  opener(panel: string): HTMLElement | null;
}

/** How the grid is laid out, and what is open under it. */
export function layoutControls(header: LensHeader, store: LensState): Layout {
  const flip = (name: Flag) => (): void => store.set({ [name]: !store.state[name] });
  const open = (panel: State["panel"]) => (): void =>
    store.set({ panel: store.state.panel === panel ? "" : panel });
  const final = button("final layer on top", flip("finalOnTop"), true);
  const flipInput = (): void => {
    const { inputRow, layer } = store.state;
    // A choice in the row that goes moves to the lowest block.
    const moved = inputRow && layer === INPUT_LAYER ? { layer: header.layers[1]! } : {};
    store.set({ inputRow: !inputRow, ...moved });
  };
  const input = header.layers.includes(INPUT_LAYER) ? button("input row", flipInput, true) : null;
  const overview = button("overview", flip("overview"), false);
  overview.title = "The narrowest cells: all columns at once where they fit";
  const candidates = button("candidates after each layer", open("candidates"), false);
  const table = button("read as a table", open("table"), false);
  const group = element("div", { class: "controls is-quiet", role: "group", "aria-label": "Show" });
  group.append(...[final, input, overview, candidates, table].filter((node) => node !== null));
  return {
    element: group,
    opener: (panel) => ({ candidates, table })[panel] ?? null,
    show(state) {
      press(final, state.finalOnTop);
      if (input) press(input, state.inputRow);
      press(overview, state.overview);
      press(candidates, state.panel === "candidates");
      press(table, state.panel === "table");
    },
  };
}
