import { button, element } from "../../parts/dom";
import type { WalkHeader, WalkStep } from "../../spec/walk";

/**
 * A small map of the whole stack, the token's way going up: the blocks as bars, the one walked
 * through opened into its parts. A click goes to the first step of a part.
 */
export class StackMap {
  readonly element: HTMLElement;
  private readonly parts = new Map<string, HTMLButtonElement>();

  constructor(
    private readonly header: WalkHeader,
    private readonly go: (step: number) => void,
  ) {
    const { layer, n_layers } = header;
    const above = n_layers - 1 - layer;
    this.element = element(
      "nav",
      { class: "stack", "aria-label": "Where in the model" },
      this.part("output", ending(header)),
      rest(above, above ? `blocks ${layer + 1}–${n_layers - 1}` : ""),
      element(
        "div",
        { class: "stack-block" },
        element("span", { class: "stack-name" }, `block ${layer}`),
        this.part("mlp", "MLP"),
        this.first("cross") < 0 ? null : this.part("cross", "source"),
        this.part("attention", "attention"),
      ),
      rest(layer, layer ? `blocks 0–${layer - 1}` : ""),
      this.part("embedding", "embedding"),
    );
  }

  show(step: WalkStep): void {
    for (const [stage, node] of this.parts) {
      if (stage === step.stage) node.setAttribute("aria-current", "step");
      else node.removeAttribute("aria-current");
    }
  }

  private first(stage: string): number {
    return this.header.steps.findIndex((step) => step.stage === stage);
  }

  private part(stage: string, words: string): HTMLElement {
    const first = this.first(stage);
    const node = button(words, () => this.go(first));
    node.disabled = first < 0;
    node.classList.add("stack-part");
    this.parts.set(stage, node);
    return node;
  }
}

/** What stands above the last block. */
function ending(header: WalkHeader): string {
  if (!header.steps.some((step) => step.name === "logits")) return "last state";
  return header.masked ? "head" : "unembedding";
}

/** More blocks than this have thinner bars. */
const MANY = 30;

/** The blocks that are not opened: a thin bar each. */
function rest(count: number, words: string): HTMLElement | null {
  if (!count) return null;
  const bars = Array.from({ length: count }, () => element("i"));
  const style = count > MANY ? "stack-rest is-dense" : "stack-rest";
  return element("div", { class: style, title: words }, ...bars);
}
