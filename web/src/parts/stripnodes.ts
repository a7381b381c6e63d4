import { element } from "./dom";

/** From so many chips on only those near what can be seen are nodes. */
const LONG = 2000;
/** Chips of a long strip that are made and let go together; each block begins a line. */
const BLOCK = 100;
/** Pixels beyond what can be seen in which chips are made. */
const MARGIN = 400;
/** About how wide a chip is beside its letters and a letter, and how high a line: see strip.css. */
const SIZE = { edges: 19, letter: 8.4, line: 33, width: 700 };

interface Block {
  readonly from: number;
  readonly to: number;
  readonly node: HTMLElement;
  height: number;
  made: boolean;
}

/**
 * The nodes of a strip's chips: all of a short text; of a long one those that can be seen, with
 * room in the place of the others.
 */
export class StripNodes {
  private readonly nodes = new Map<number, HTMLElement>();
  private readonly places = new WeakMap<Element, number>();
  private readonly blocks: readonly Block[];
  private kept = -1;
  private frame = 0;

  /** `make` gives a chip's node as it is to look now; `before` what stands before it, if anything. */
  constructor(
    private readonly box: HTMLElement,
    private readonly labels: readonly string[],
    private readonly make: (index: number) => HTMLElement,
    private readonly before: (index: number) => HTMLElement | null,
  ) {
    this.blocks = labels.length > LONG ? this.lay() : [];
    if (this.blocks.length) this.update();
    else box.append(...this.made(0, labels.length));
  }

  /** The node of a chip; undefined where it has none now. */
  get(index: number): HTMLElement | undefined {
    return this.nodes.get(index);
  }

  /** The number of the chip that a node is of; -1 where it is of none. */
  indexOf(node: Element): number {
    return this.places.get(node) ?? -1;
  }

  /** Every chip that has a node. */
  forEach(act: (node: HTMLElement, index: number) => void): void {
    this.nodes.forEach(act);
  }

  /** A chip that always has a node; -1: none. */
  keep(index: number): void {
    this.kept = index;
    const block = this.blocks.find(({ from, to }) => from <= index && index < to);
    if (block) this.fill(block);
  }

  /** Makes what can be seen, and lets the rest go. */
  update(): void {
    const { scrollTop, clientHeight } = this.box;
    const [low, high] = [scrollTop - MARGIN, scrollTop + clientHeight + MARGIN];
    let top = 0;
    // All are measured before any is changed: the page is laid out once.
    const seen = this.blocks.map((block) => {
      if (block.made) block.height = block.node.offsetHeight || block.height;
      const start = top;
      top += block.height;
      return start < high && top > low;
    });
    this.blocks.forEach((block, i) => {
      if (seen[i] || this.holds(block)) this.fill(block);
      else this.empty(block);
    });
  }

  private lay(): Block[] {
    const { box, labels } = this;
    box.classList.add("is-long");
    box.dataset["count"] = labels.length.toLocaleString("en");
    const blocks = Array.from({ length: Math.ceil(labels.length / BLOCK) }, (_, i) => {
      const node = element("div", { class: "strip-block", role: "presentation" });
      const [from, to] = [i * BLOCK, Math.min((i + 1) * BLOCK, labels.length)];
      return { from, to, node, height: 0, made: false };
    });
    box.append(...blocks.map(({ node }) => node));
    box.addEventListener("scroll", () => this.later(), { passive: true });
    new ResizeObserver(() => this.resize(blocks)).observe(box);
    this.resize(blocks);
    return blocks;
  }

  /** Guesses anew how high the blocks are that have no nodes. */
  private resize(blocks: readonly Block[]): void {
    const width = this.box.clientWidth || SIZE.width;
    for (const block of blocks) {
      if (block.made) continue;
      const labels = this.labels.slice(block.from, block.to);
      const long = labels.map(({ length }) => Math.min(width, SIZE.edges + SIZE.letter * length));
      block.height = SIZE.line * Math.ceil(long.reduce((sum, one) => sum + one, 0) / width);
      block.node.style.height = `${block.height}px`;
    }
    this.later();
  }

  private later(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.update();
    });
  }

  /** Whether a block has the chip that is kept, or the one that has the focus. */
  private holds({ from, to, node }: Block): boolean {
    return (from <= this.kept && this.kept < to) || node.contains(document.activeElement);
  }

  private fill(block: Block): void {
    if (block.made) return;
    block.made = true;
    block.node.style.height = "";
    const name = element(
      "span",
      { class: "strip-from", "aria-hidden": "true" },
      block.from.toLocaleString("en"),
    );
    block.node.replaceChildren(name, ...this.made(block.from, block.to));
  }

  private empty(block: Block): void {
    if (!block.made) return;
    block.made = false;
    block.node.style.height = `${block.height}px`;
    block.node.replaceChildren();
    for (let index = block.from; index < block.to; index++) this.nodes.delete(index);
  }

  private made(from: number, to: number): HTMLElement[] {
    const found: HTMLElement[] = [];
    for (let index = from; index < to; index++) {
      const before = this.before(index);
      if (before) found.push(before);
      const node = this.make(index);
      if (this.labels.length > LONG) {
        node.setAttribute("aria-setsize", String(this.labels.length));
        node.setAttribute("aria-posinset", String(index + 1));
      }
      this.nodes.set(index, node);
      this.places.set(node, index);
      found.push(node);
    }
    return found;
  }
}
