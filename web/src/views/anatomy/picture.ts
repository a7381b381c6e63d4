import { listenToCells } from "../../parts/cellinput";
import { Drawn, ScrollCanvas } from "../../parts/scrollcanvas";
import type { Scheme } from "../../parts/theme";
import type { AnatomyHeader } from "../../spec/anatomy";
import { paintStack } from "./paint";
import { cellAt, stackOf, type Cell, type Stack } from "./stack";

/** A part by its row of the stack and its place there. */
export interface Place {
  readonly row: number;
  readonly cell: number;
}

export interface PictureHandlers {
  hover(place: Place | null): void;
  choose(place: Place): void;
}

/** The stack on a canvas: pointed at with the mouse, walked through with the arrow keys. */
export class StackPicture extends Drawn {
  protected readonly canvas: ScrollCanvas;
  private stack: Stack;
  private hover: Cell | null = null;
  private chosen: Place = { row: 0, cell: 0 };

  constructor(
    private readonly header: AnatomyHeader,
    private readonly scheme: () => Scheme,
    private readonly handlers: PictureHandlers,
  ) {
    super();
    this.stack = stackOf(header, 0);
    const label = `The model as a stack of ${header.stack.length} rows`;
    this.canvas = new ScrollCanvas(
      { class: "anatomy-stack", "aria-label": label, "aria-roledescription": "stack" },
      {
        draw: (brush, { palette }, still) =>
          paintStack(brush, {
            stack: this.stack,
            palette,
            scheme: this.scheme(),
            hover: still ? null : this.hover,
            chosen: still ? null : this.at(this.chosen),
          }),
        resize: () => this.layOut(),
      },
    );
    this.listen();
  }

  choose(place: Place): void {
    this.chosen = place;
    this.canvas.redraw();
  }

  layOut(): void {
    this.stack = stackOf(this.header, this.element.clientWidth);
    this.canvas.extend({ width: Infinity, height: this.stack.height });
  }

  private at({ row, cell }: Place): Cell | null {
    return this.stack.rows[row]?.cells[cell] ?? null;
  }

  private listen(): void {
    listenToCells<Cell>(this.element, {
      under: (event) => this.under(event),
      hover: (cell) => this.point(cell),
      choose: (cell) => this.handlers.choose(cell),
      key: (name) => {
        const target = this.stepped(name);
        if (target) this.handlers.choose(target);
        return target !== null;
      },
    });
  }

  private point(cell: Cell | null): void {
    if (cell?.row === this.hover?.row && cell?.cell === this.hover?.cell) return;
    this.hover = cell;
    this.canvas.redraw();
    this.handlers.hover(cell);
  }

  private under(event: MouseEvent): Cell | null {
    const { x, y } = this.canvas.point(event);
    return cellAt(this.stack, x, y);
  }

  /** Up is towards the end of the model. */
  private stepped(key: string): Place | null {
    const { row, cell } = this.chosen;
    const last = this.stack.rows.length - 1;
    const rows: Record<string, number> = {
      ArrowUp: row + 1,
      ArrowDown: row - 1,
      PageUp: row + 8,
      PageDown: row - 8,
      Home: last,
      End: 0,
    };
    const cells: Record<string, number> = { ArrowLeft: cell - 1, ArrowRight: cell + 1 };
    const within = (value: number, most: number): number => Math.min(most, Math.max(0, value));
    if (rows[key] !== undefined) {
      const next = within(rows[key], last);
      return { row: next, cell: within(cell, this.stack.rows[next]!.cells.length - 1) };
    }
    if (cells[key] === undefined) return null;
    return { row, cell: within(cells[key], this.stack.rows[row]!.cells.length - 1) };
  }
}
