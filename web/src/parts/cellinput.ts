/** What a picture of cells makes of the pointer and of keys. */
export interface CellInput<Cell> {
  /** The cell under the pointer. */
  under(event: MouseEvent): Cell | null;
  /** The pointer is over a cell, or over none. */
  hover(cell: Cell | null): void;
  /** A click. */
  choose(cell: Cell, event: MouseEvent): void;
  /** A key without a modifier; returns whether it was meant for the cells. */
  key(name: string): boolean;
}

/** Has the element's pointer and keys answered; a finger that moves scrolls, and hovers nothing. */
export function listenToCells<Cell>(
  node: HTMLElement | SVGSVGElement,
  input: CellInput<Cell>,
): void {
  const on: HTMLElement["addEventListener"] = node.addEventListener.bind(node);
  on("pointermove", (event) => {
    if (event.pointerType !== "touch") input.hover(input.under(event));
  });
  on("pointerleave", () => input.hover(null));
  on("click", (event) => {
    const cell = input.under(event);
    if (cell !== null) input.choose(cell, event);
  });
  on("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (input.key(event.key)) event.preventDefault();
  });
}

/** Rows down and cells across that an arrow or a page key goes; null for another key. */
export function stepOf(key: string, page: number): readonly [number, number] | null {
  const steps: Readonly<Record<string, readonly [number, number]>> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
    PageUp: [-page, 0],
    PageDown: [page, 0],
  };
  return Object.hasOwn(steps, key) ? steps[key]! : null;
}
