import { element } from "../../parts/dom";
import { percent } from "../../parts/format";
import type { Forest } from "./forest";

/** Tokens of a long beginning that are shown. */
const SHOWN = 12;

/** What was explored, as a tree: a click or Enter goes there, the arrow keys move in it. */
export class TreeList {
  readonly element = element("ul", {
    class: "explore-tree",
    role: "tree",
    "aria-label": "Explored so far",
  });
  private readonly items = new Map<number, HTMLElement>();
  private focused = -1;

  constructor(
    private readonly forest: Forest,
    private readonly go: (node: number) => void,
  ) {
    this.element.addEventListener("click", (event) => {
      const node = this.of(event.target);
      if (node !== null) this.go(node);
    });
    this.element.addEventListener("keydown", (event) => this.key(event));
  }

  show(at: number): void {
    const held = this.element.matches(":focus-within");
    this.items.clear();
    this.focused = at;
    this.element.replaceChildren(...this.forest.children(-1).map((node) => this.item(node, at)));
    const item = this.items.get(at)!;
    if (held) item.focus();
  }

  private item(node: number, at: number): HTMLElement {
    const { labels, probability } = this.forest.node(node);
    const children = this.forest.children(node);
    const words = probability === null ? beginning(labels) : labels[0]!;
    const item = element(
      "li",
      {
        role: "treeitem",
        tabindex: node === at ? 0 : -1,
        "aria-selected": String(node === at),
        "aria-expanded": children.length ? "true" : null,
        "data-node": node,
      },
      element(
        "span",
        { class: "explore-node" },
        element("code", { dir: "ltr" }, words),
        probability === null ? null : element("span", { class: "amount" }, percent(probability)),
      ),
    );
    if (children.length) {
      const below = children.map((child) => this.item(child, at));
      item.append(element("ul", { role: "group" }, ...below));
    }
    this.items.set(node, item);
    return item;
  }

  private of(target: EventTarget | null): number | null {
    const item = (target as Element).closest<HTMLElement>("[data-node]");
    return item ? Number(item.dataset["node"]) : null;
  }

  private key(event: KeyboardEvent): void {
    const order = [...this.element.querySelectorAll<HTMLElement>("[data-node]")].map((item) =>
      Number(item.dataset["node"]),
    );
    const place = order.indexOf(this.focused);
    const moves: Readonly<Record<string, number | undefined>> = {
      ArrowDown: order[place + 1],
      ArrowUp: order[place - 1],
      ArrowLeft: this.forest.node(this.focused).parent,
      ArrowRight: this.forest.children(this.focused)[0],
      Home: order[0],
      End: order.at(-1),
    };
    if (event.key === "Enter" || event.key === " ") this.go(this.focused);
    else if (!(event.key in moves)) return;
    else this.move(moves[event.key] ?? -1);
    event.preventDefault();
    event.stopPropagation();
  }

  private move(node: number): void {
    const item = this.items.get(node);
    if (!item) return;
    this.items.get(this.focused)!.tabIndex = -1;
    this.focused = node;
    item.tabIndex = 0;
    item.focus();
  }
}

function beginning(labels: readonly string[]): string {
  return (labels.length > SHOWN ? "…" : "") + labels.slice(-SHOWN).join("");
}
