import { element } from "./dom";

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
  private readonly nodes: HTMLElement[];
  private marks = NONE;

  constructor(
    label: string,
    chips: readonly Chip[],
    private readonly handlers: StripHandlers,
  ) {
    this.element = element("div", { class: "strip", role: "listbox", "aria-label": label });
    this.element.setAttribute("aria-orientation", "horizontal");
    this.nodes = chips.map(chipNode);
    chips.forEach((chip, i) => {
      if (chip.role && chip.role !== chips[i - 1]?.role) this.element.append(roleNode(chip.role));
      this.element.append(this.nodes[i]!);
    });
    this.listen();
  }

  /** Marks chips; only those that change are touched, so that a long text stays quick. */
  mark(marks: StripMarks): void {
    const names = Object.keys(CLASSES) as (keyof StripMarks)[];
    for (const name of names) {
      if (marks[name] === this.marks[name]) continue;
      this.nodes[this.marks[name]]?.classList.remove(CLASSES[name]);
      this.nodes[marks[name]]?.classList.add(CLASSES[name]);
    }
    if (marks.chosen !== this.marks.chosen) this.moveTabStop(this.marks.chosen, marks.chosen);
    this.marks = marks;
  }

  /** Colours every chip anew; `notes` are the small lines under them. */
  repaint(tints: readonly (string | null)[], notes: readonly string[] = []): void {
    this.element.classList.add("is-painted");
    this.nodes.forEach((node, i) => {
      node.style.backgroundColor = tints[i] ?? "";
      const line = node.querySelector("small");
      const note = notes[i] ?? "";
      if (line) line.textContent = note;
      else if (note) node.append(element("small", {}, note));
    });
  }

  private moveTabStop(from: number, to: number): void {
    const [old, chosen] = [this.nodes[from], this.nodes[to]];
    const focused = old !== undefined && old.matches(":focus");
    for (const [node, on] of [
      [old, false],
      [chosen, true],
    ] as const) {
      node?.setAttribute("aria-selected", String(on));
      node?.setAttribute("tabindex", on ? "0" : "-1");
    }
    if (focused) chosen?.focus();
    if (chosen) revealIn(this.element, chosen);
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
    const last = this.nodes.length - 1;
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
  const node = element(
    "span",
    {
      class: chip.produced ? "token is-produced" : "token",
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

/** Scrolls the strip, never the page: to the middle, where a reader sees what is around. */
function revealIn(box: HTMLElement, node: HTMLElement): void {
  const top = node.offsetTop - box.offsetTop;
  const room = box.clientHeight - node.offsetHeight;
  const isInView = top >= box.scrollTop && top <= box.scrollTop + room;
  if (!isInView) box.scrollTop = top - room / 2;
}
