import { button, element } from "../../parts/dom";
import type { WalkHeader, WalkStep } from "../../spec/walk";

const STAGES = [
  ["output", "unembedding"],
  ["mlp", "MLP"],
  ["attention", "attention"],
  ["embedding", "embedding"],
] as const;

/**
 * A small map of the whole stack, the token's way going up: the blocks as bars, the one walked
 * through opened into its parts. A click goes to the first step of a part.
 */
export class StackMap {
  readonly element: HTMLElement;
  private readonly parts = new Map<string, HTMLButtonElement>();

  constructor(header: WalkHeader, go: (step: number) => void) {
    const part = ([stage, words]: readonly [string, string]): HTMLElement => {
      const first = header.steps.findIndex((step) => step.stage === stage);
      const node = button(words, () => go(first));
      node.disabled = first < 0;
      node.classList.add("stack-part");
      this.parts.set(stage, node);
      return node;
    };
    const [output, mlp, attention, embedding] = STAGES;
    const { layer, n_layers } = header;
    const block = element(
      "div",
      { class: "stack-block" },
      element("span", { class: "stack-name" }, `block ${layer}`),
      part(mlp),
      part(attention),
    );
    const above = n_layers - 1 - layer;
    this.element = element(
      "nav",
      { class: "stack", "aria-label": "Where in the model" },
      part(output),
      rest(above, above ? `blocks ${layer + 1}–${n_layers - 1}` : ""),
      block,
      rest(layer, layer ? `blocks 0–${layer - 1}` : ""),
      part(embedding),
    );
  }

  show(step: WalkStep): void {
    for (const [stage, node] of this.parts) {
      if (stage === step.stage) node.setAttribute("aria-current", "step");
      else node.removeAttribute("aria-current");
    }
  }
}

/** The blocks that are not opened: a thin bar each. */
function rest(count: number, words: string): HTMLElement | null {
  if (!count) return null;
  const bars = Array.from({ length: count }, () => element("i"));
  return element("div", { class: "stack-rest", title: words }, ...bars);
}
