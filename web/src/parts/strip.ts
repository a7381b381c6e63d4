import { element } from "./dom";
import { StripNodes } from "./stripnodes";

/** One chip of a strip: a token, or several that make a word. */
export interface Chip {
  readonly label: string;
  /** A CSS colour behind it (a share of something), or null. */
  readonly tint: string | null;
  /** A small line under it, "" for none. */
  readonly note: string;
  /** Whether the model produced it. */
  readonly produced: boolean;
  /** Its chat role; printed where it changes. */
  readonly role: string;
  /** Whether it stands for a token that nobody has said. */
  readonly unsaid?: boolean;
}

/** A row of tokens as chips without colours. */
export function chipsOf(row: {
  readonly inputs: readonly string[];
  readonly produced: readonly boolean[];
  readonly roles: readonly string[];
}): Chip[] {
  return row.inputs.map((label, i) => ({
    label,
    tint: null,
    note: "",
    produced: row.produced[i]!,
    role: row.roles[i]!,
  }));
}

export interface StripHandlers {
  hover(index: number | null): void;
  /** A click, Enter or Space. */
  choose(index: number): void;
  /** An arrow key, Home or End. */
  move(index: number): void;
  /** Escape. */
  release(): void;
}

/**
 * What is marked: the chosen chip, the one that belongs to it (it follows from it; in a strip of
 * tokens that were said, it was read before), the one under the pointer.
 */
export interface StripMarks {
  readonly chosen: number;
  readonly follows: number;
  readonly hover: number;
}

const NONE: StripMarks = { chosen: -1, follows: -1, hover: -1 };
const CLASSES = { chosen: "is-chosen", follows: "is-next", hover: "is-hover" } as const;

/** The tokens as chips in reading order. One tab stop; the arrow keys move the choice. */
export class TokenStrip {
  readonly element: HTMLElement;
  private readonly nodes: StripNodes;
  private marks = NONE;
  private tints: readonly (string | null)[] | null = null;
  private notes: readonly string[] = [];

  constructor(
    label: string,
    private readonly chips: readonly Chip[],
    private readonly handlers: StripHandlers,
  ) {
    this.element = element("div", { class: "strip", role: "listbox", "aria-label": label });
    this.element.setAttribute("aria-orientation", "horizontal");
    this.nodes = new StripNodes(
      this.element,
      chips.map((chip) => chip.label),
      (index) => this.made(index),
      (index) => this.role(index),
    );
    this.listen();
  }

  /** Marks chips; only those that change are touched, so that a long text stays quick. */
  mark(marks: StripMarks): void {
    const names = Object.keys(CLASSES) as (keyof StripMarks)[];
    const before = this.marks;
    this.marks = marks;
    if (marks.chosen !== before.chosen) this.nodes.keep(marks.chosen);
    for (const name of names) {
      if (marks[name] === before[name]) continue;
      this.nodes.get(before[name])?.classList.remove(CLASSES[name]);
      this.nodes.get(marks[name])?.classList.add(CLASSES[name]);
    }
    if (marks.chosen !== before.chosen) this.moveTabStop(before.chosen, marks.chosen);
  }

  /** Colours every chip anew; `notes` are the small lines under them. */
  repaint(tints: readonly (string | null)[], notes: readonly string[] = []): void {
    this.element.classList.add("is-painted");
    [this.tints, this.notes] = [tints, notes];
    this.nodes.forEach((node, index) => this.paint(node, index));
  }

  /** A chip's node as it looks now. */
  private made(index: number): HTMLElement {
    const node = chipNode(this.chips[index]!);
    if (this.tints) this.paint(node, index);
    const names = Object.keys(CLASSES) as (keyof StripMarks)[];
    node.classList.add(...names.filter((n) => this.marks[n] === index).map((n) => CLASSES[n]));
    if (this.marks.chosen === index) stop(node, true);
    return node;
  }

  /** The chip's role, where it is another than that of the chip before. */
  private role(index: number): HTMLElement | null {
    const { role } = this.chips[index]!;
    return role && role !== this.chips[index - 1]?.role ? roleNode(role) : null;
  }

  private paint(node: HTMLElement, index: number): void {
    node.style.backgroundColor = this.tints?.[index] ?? "";
    const line = node.querySelector("small");
    const note = this.notes[index] ?? "";
    if (line) line.textContent = note;
    else if (note) node.append(element("small", {}, note));
  }

  private moveTabStop(from: number, to: number): void {
    const [old, chosen] = [this.nodes.get(from), this.nodes.get(to)];
    const focused = old !== undefined && old.matches(":focus");
    if (old) stop(old, false);
    if (chosen) stop(chosen, true);
    if (focused) chosen?.focus();
    if (chosen && revealIn(this.element, chosen)) this.nodes.update();
  }

  private listen(): void {
    const indexOf = (event: Event): number => {
      const node = (event.target as Element).closest<HTMLElement>(".token");
      return node ? this.nodes.indexOf(node) : -1;
    };
    this.element.addEventListener("click", (event) => {
      const index = indexOf(event);
      if (index >= 0) this.handlers.choose(index);
    });
    this.element.addEventListener("pointerover", (event) => {
      if (event.pointerType === "touch") return;
      const index = indexOf(event);
      this.handlers.hover(index >= 0 ? index : null);
    });
    this.element.addEventListener("pointerleave", () => this.handlers.hover(null));
    this.element.addEventListener("keydown", (event) => this.onKey(event));
  }

  private onKey(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 };
    const last = this.chips.length - 1;
    const ends: Record<string, number> = { Home: 0, End: last };
    const step = steps[event.key];
    const target = step === undefined ? ends[event.key] : this.marks.chosen + step;
    if (event.key === "Escape") this.handlers.release();
    else if (event.key === "Enter" || event.key === " ") this.handlers.choose(this.marks.chosen);
    else if (target === undefined) return;
    else this.handlers.move(Math.min(last, Math.max(0, target)));
    event.preventDefault();
  }
}

function chipNode(chip: Chip): HTMLElement {
  const classes = ["token", chip.produced && "is-produced", chip.unsaid && "is-unsaid"];
  const node = element(
    "span",
    {
      class: classes.filter(Boolean).join(" "),
      role: "option",
      tabindex: -1,
      "aria-selected": "false",
      dir: "ltr",
    },
    chip.label,
  );
  if (chip.note) node.append(element("small", {}, chip.note));
  if (chip.tint) node.style.backgroundColor = chip.tint;
  return node;
}

function roleNode(role: string): HTMLElement {
  return element("span", { class: "role", role: "presentation" }, role);
}

/** Whether a chip is the one that the Tab key goes to. */
function stop(node: HTMLElement, on: boolean): void {
  node.setAttribute("aria-selected", String(on));
  node.setAttribute("tabindex", on ? "0" : "-1");
}

/**
 * Scrolls the strip, never the page: to the middle, where a reader sees what is around.
 *
 * Returns whether it was scrolled.
 */
function revealIn(box: HTMLElement, node: HTMLElement): boolean {
  const top = node.offsetTop - box.offsetTop;
  const room = box.clientHeight - node.offsetHeight;
  if (top >= box.scrollTop && top <= box.scrollTop + room) return false;
  box.scrollTop = top - room / 2;
  return true;
}
