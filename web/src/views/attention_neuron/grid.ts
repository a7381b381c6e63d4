import type { Brush } from "../../parts/brush";
import { listenToCells, stepOf } from "../../parts/cellinput";
import { Drawn, ScrollCanvas, type Glimpse } from "../../parts/scrollcanvas";
import type { Theme } from "../../parts/theme";
import { cellAt, layOut, moved, ROW, type Block, type Cell, type Layout } from "./layout";
import type { RowNumbers } from "./numbers";
import { paint } from "./paint";

/** What the reader does with the grid. */
export interface GridHandlers {
  /** The cell under the pointer, or null. */
  hover(cell: Cell | null): void;
  /** A click or an arrow key. */
  choose(cell: Cell): void;
  /** Escape. */
  release(): void;
}

/** What is drawn: the numbers of a query's row, and which of them in which order. */
export interface Shown {
  readonly numbers: RowNumbers;
  readonly blocks: readonly Block[];
  readonly keys: readonly number[];
  entries(block: Block): readonly number[];
}

const PAGE = 10;
const MARGIN = 40;

/** The computation of one query as a table of cells on one canvas; only what is seen is drawn. */
export class StepGrid extends Drawn {
  protected readonly canvas: ScrollCanvas;
  private layout: Layout | null = null;

  constructor(
    private shown: Shown,
    private cell: Cell,
    private readonly theme: Theme,
    private readonly handlers: GridHandlers,
  ) {
    super();
    this.canvas = new ScrollCanvas(
      { class: "grid steps-grid", "aria-roledescription": "table of cells" },
      { draw: (brush, glimpse) => this.draw(brush, glimpse), resize: () => this.layOut() },
    );
    this.listen();
  }

  /** Another query, or the same in another order. */
  show(shown: Shown, cell: Cell): void {
    this.shown = shown;
    this.cell = cell;
    const { header } = shown.numbers.head;
    const label = `Query ${header.inputs[shown.numbers.row.query]!} on ${shown.keys.length} keys`;
    this.element.setAttribute("aria-label", `${label}; arrow keys move.`);
    this.layOut();
  }

  /** The cell that is told; scrolled to when `reveal`. */
  point(cell: Cell, reveal: boolean): void {
    this.cell = cell;
    if (reveal) this.reveal();
    this.canvas.redraw();
  }

  private layOut(): void {
    const { blocks, entries, keys, numbers } = this.shown;
    const sink = numbers.head.header.sink !== null;
    const room = this.element.clientWidth;
    if (room <= 0) return;
    this.layout = layOut(blocks, entries, keys, sink, room);
    this.canvas.extend(this.layout);
  }

  private draw(brush: Brush, glimpse: Glimpse): void {
    if (!this.layout) return;
    const { layout, cell, shown, theme } = this;
    paint(brush, { ...glimpse, layout, cell, numbers: shown.numbers, scheme: theme.scheme });
  }

  private reveal(): void {
    if (!this.layout) return;
    const { layout, cell, element } = this;
    const { width, height } = this.canvas.view;
    const row = layout.keys.indexOf(cell.key);
    if (row >= 0) {
      const [top, room] = [row * ROW, height - layout.head - layout.foot];
      const low = Math.max(0, top + 2 * ROW - room);
      element.scrollTop = Math.min(Math.max(element.scrollTop, low), Math.max(low, top - ROW));
    }
    const column = layout.columns.find(({ block }) => block === cell.block);
    if (!column) return;
    const place = column.entries.indexOf(cell.entry) / column.entries.length;
    const x = column.x + place * column.width;
    const low = Math.max(0, x + MARGIN - width);
    const high = Math.max(low, x - layout.left - MARGIN);
    element.scrollLeft = Math.min(Math.max(element.scrollLeft, low), high);
  }

  private under(event: MouseEvent): Cell | null {
    if (!this.layout) return null;
    const { x, y } = this.canvas.point(event);
    return cellAt(this.layout, this.canvas.scroll, this.canvas.view.height, x, y);
  }

  private listen(): void {
    listenToCells<Cell>(this.element, {
      under: (event) => this.under(event),
      hover: (cell) => this.handlers.hover(cell),
      choose: (cell) => this.handlers.choose(cell),
      key: (name) => this.onKey(name),
    });
  }

  private onKey(name: string): boolean {
    if (!this.layout) return false;
    const { layout, cell } = this;
    const step = stepOf(name, PAGE);
    if (name === "Escape") this.handlers.release();
    else if (name === "Home") this.handlers.choose({ ...cell, key: layout.keys[0]! });
    else if (name === "End") this.handlers.choose({ ...cell, key: layout.keys.at(-1)! });
    else if (step) this.handlers.choose(moved(layout, cell, ...step));
    else return false;
    return true;
  }
}
