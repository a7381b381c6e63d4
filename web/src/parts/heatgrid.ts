import { listenToCells, stepOf } from "./cellinput";
import { fullSize, placeAt, scrollTo, type Geometry, type Place } from "./geometry";
import { edgeHeight, type GridModel } from "./heatmodel";
import { paintScene } from "./heatpaint";
import { Drawn, ScrollCanvas, type ScrollHandlers } from "./scrollcanvas";

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
/** Of a narrow grid the labels beside the rows take no more than this share. */
const MOST_LABELS = 0.4;
const PAGE = 8;

/** A heat grid on one canvas: only the cells that can be seen are drawn. */
export class HeatGrid extends Drawn {
  protected readonly canvas: ScrollCanvas;
  private geometry: Geometry;
  private selected: Place | null = null;
  private hover: Place | null = null;
  private overview = false;

  constructor(
    private model: GridModel,
    private readonly handlers: GridHandlers,
  ) {
    super();
    const attributes = { class: "grid", "aria-roledescription": "heat grid" };
    const draw: ScrollHandlers["draw"] = (brush, glimpse) => {
      const { geometry, model, selected, hover } = this;
      paintScene(brush, { ...glimpse, geometry, model, selected, hover });
    };
    this.canvas = new ScrollCanvas(attributes, { draw, resize: () => this.layOut() }, true);
    this.geometry = this.measure();
    this.listen();
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
      const { scroll, view } = this.canvas;
      const target = scrollTo(this.geometry, scroll, view, place);
      this.element.scrollTo({ left: target.x, top: target.y });
    }
    this.canvas.redraw();
  }

  setHover(place: Place | null): void {
    this.hover = place;
    this.canvas.redraw();
  }

  private layOut(): void {
    this.geometry = this.measure();
    this.canvas.extend(fullSize(this.geometry));
  }

  private measure(): Geometry {
    const { rows, cols, above, below, labelRoom = LABEL_ROOM } = this.model;
    const worded = this.model.narrowest ?? WORDS.narrowest;
    const most = Math.max(LABEL_ROOM, MOST_LABELS * this.element.clientWidth);
    const left = Math.min(labelRoom, Math.floor(most));
    const room = (this.element.clientWidth - left) / Math.max(cols, 1);
    // On paper nothing scrolls: words that would be shrunk below half are left out.
    const bare = this.overview || (this.canvas.printing && room < worded / 2);
    const { narrowest, widest } = bare ? OVERVIEW : { ...WORDS, narrowest: worded };
    const width = Math.min(widest, Math.max(narrowest, room));
    return {
      rows,
      cols,
      cellWidth: bare ? width : Math.floor(width),
      cellHeight: this.model.rowHeight ?? ROW_HEIGHT,
      left,
      head: edgeHeight(above),
      foot: edgeHeight(below),
    };
  }

  private listen(): void {
    listenToCells<Place>(this.element, {
      under: (event) => this.under(event),
      hover: (place) => this.handlers.hover(place),
      choose: (place) => this.handlers.choose(place),
      key: (name) => this.onKey(name),
    });
  }

  private under(event: MouseEvent): Place | null {
    const { x, y } = this.canvas.point(event);
    return placeAt(this.geometry, this.canvas.scroll, this.canvas.view, x, y);
  }

  private onKey(name: string): boolean {
    const from = this.selected ?? { row: 0, col: 0 };
    if (name === "Escape") this.handlers.release();
    else if (name === "Enter" || name === " ") this.handlers.choose(from);
    else {
      const target = this.stepped(name, from);
      if (!target) return false;
      this.handlers.move(target);
    }
    return true;
  }

  private stepped(name: string, { row, col }: Place): Place | null {
    if (name === "Home") return { row, col: 0 };
    if (name === "End") return { row, col: Math.max(0, this.model.cols - 1) };
    const step = stepOf(name, PAGE);
    if (!step) return null;
    return {
      row: Math.min(this.model.rows - 1, Math.max(0, row + step[0])),
      col: Math.min(this.model.cols - 1, Math.max(0, col + step[1])),
    };
  }
}
