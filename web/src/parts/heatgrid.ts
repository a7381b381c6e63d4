import { element } from "./dom";
import { fullSize, placeAt, scrollTo, type Geometry, type Place, type Size } from "./geometry";
import { edgeHeight, type GridModel } from "./heatmodel";
import { paintScene } from "./heatpaint";
import { paletteOf, type Palette } from "./theme";

/** What the reader does with a grid. */
export interface GridHandlers {
  /** The pointer is over a cell, or has left (null). */
  hover(place: Place | null): void;
  /** A click, Enter or Space. */
  choose(place: Place): void;
  /** An arrow, Home, End or Page key. */
  move(place: Place): void;
  /** Escape. */
  release(): void;
}

const ROW_HEIGHT = 20;
const WORDS = { narrowest: 60, widest: 160 } as const;
const OVERVIEW = { narrowest: 3, widest: 160 } as const;
const LABEL_ROOM = 52;
const PAGE = 8;

/**
 * A heat grid on one canvas that stays in view while its scroller moves: only the cells that can
 * be seen are drawn, so that its cost does not grow with the grid.
 */
export class HeatGrid {
  readonly element: HTMLElement;
  private readonly canvas = element("canvas", { "aria-hidden": "true" });
  private readonly sizer = element("div", { class: "grid-sizer" }, this.canvas);
  private readonly observer = new ResizeObserver(() => this.layOut());
  private palette: Palette | null = null;
  private geometry: Geometry;
  private selected: Place | null = null;
  private hover: Place | null = null;
  private overview = false;
  private frame = 0;

  constructor(
    private model: GridModel,
    private readonly handlers: GridHandlers,
  ) {
    this.element = element(
      "div",
      { class: "grid", tabindex: 0, role: "application", "aria-roledescription": "heat grid" },
      this.sizer,
    );
    this.geometry = this.measure();
    this.listen();
    this.observer.observe(this.element);
    this.show(model, false);
  }

  /** Shows another model, or the same after its values have changed. */
  show(model: GridModel, overview: boolean): void {
    this.model = model;
    this.overview = overview;
    this.element.setAttribute("aria-label", model.label);
    this.layOut();
  }

  /** Marks a cell, and scrolls to it when `reveal`. */
  select(place: Place | null, reveal: boolean): void {
    this.selected = place;
    if (place && reveal) {
      const { scrollLeft: x, scrollTop: y } = this.element;
      const target = scrollTo(this.geometry, { x, y }, this.view(), place);
      this.element.scrollTo({ left: target.x, top: target.y });
    }
    this.redraw();
  }

  setHover(place: Place | null): void {
    this.hover = place;
    this.redraw();
  }

  /** After the theme has changed: the colours are read again. */
  recolour(): void {
    this.palette = null;
    this.paint();
  }

  /** Draws at once, so that the first picture is there when the page says it is ready. */
  paint(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const brush = this.canvas.getContext("2d");
    const view = this.view();
    if (!brush || view.width <= 0) return;
    this.palette ??= paletteOf(this.element);
    const ratio = this.resizeCanvas(view);
    brush.setTransform(ratio, 0, 0, ratio, 0, 0);
    paintScene(brush, {
      geometry: this.geometry,
      model: this.model,
      scroll: { x: this.element.scrollLeft, y: this.element.scrollTop },
      view,
      palette: this.palette,
      selected: this.selected,
      hover: this.hover,
    });
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    this.element.remove();
  }

  private redraw(): void {
    this.frame ||= requestAnimationFrame(() => this.paint());
  }

  private layOut(): void {
    this.geometry = this.measure();
    const { width, height } = fullSize(this.geometry);
    this.sizer.style.width = `${width}px`;
    this.sizer.style.height = `${height}px`;
    this.paint();
  }

  private measure(): Geometry {
    const { rows, cols, above, below } = this.model;
    const { narrowest, widest } = this.overview ? OVERVIEW : WORDS;
    const room = (this.element.clientWidth - LABEL_ROOM) / Math.max(cols, 1);
    const width = Math.min(widest, Math.max(narrowest, room));
    return {
      rows,
      cols,
      cellWidth: this.overview ? width : Math.floor(width),
      cellHeight: this.model.rowHeight ?? ROW_HEIGHT,
      left: LABEL_ROOM,
      head: edgeHeight(above),
      foot: edgeHeight(below),
    };
  }

  private view(): Size {
    const full = fullSize(this.geometry);
    return {
      width: Math.min(this.element.clientWidth, full.width),
      height: Math.min(this.element.clientHeight, full.height),
    };
  }

  private resizeCanvas(view: Size): number {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.canvas.style.width = `${view.width}px`;
      this.canvas.style.height = `${view.height}px`;
    }
    return ratio;
  }

  private listen(): void {
    const node = this.element;
    node.addEventListener("scroll", () => this.redraw(), { passive: true });
    node.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch") this.handlers.hover(this.under(event));
    });
    node.addEventListener("pointerleave", () => this.handlers.hover(null));
    node.addEventListener("click", (event) => {
      const place = this.under(event);
      if (place) this.handlers.choose(place);
    });
    node.addEventListener("keydown", (event) => this.onKey(event));
  }

  private under(event: MouseEvent): Place | null {
    const box = this.element.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const { scrollLeft, scrollTop } = this.element;
    return placeAt(this.geometry, { x: scrollLeft, y: scrollTop }, this.view(), x, y);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const from = this.selected ?? { row: 0, col: 0 };
    if (event.key === "Escape") this.handlers.release();
    else if (event.key === "Enter" || event.key === " ") this.handlers.choose(from);
    else {
      const target = this.stepped(event.key, from);
      if (!target) return;
      this.handlers.move(target);
    }
    event.preventDefault();
  }

  private stepped(key: string, { row, col }: Place): Place | null {
    const moves: Record<string, Place> = {
      ArrowUp: { row: row - 1, col },
      ArrowDown: { row: row + 1, col },
      ArrowLeft: { row, col: col - 1 },
      ArrowRight: { row, col: col + 1 },
      PageUp: { row: row - PAGE, col },
      PageDown: { row: row + PAGE, col },
      Home: { row, col: 0 },
      End: { row, col: this.model.cols - 1 },
    };
    const move = moves[key];
    if (!move) return null;
    return {
      row: Math.min(this.model.rows - 1, Math.max(0, move.row)),
      col: Math.min(this.model.cols - 1, Math.max(0, move.col)),
    };
  }
}
