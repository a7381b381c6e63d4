import type { Brush, Plate } from "./brush";
import { element } from "./dom";
import type { Scroll, Size } from "./geometry";
import { paletteOf, type Palette } from "./theme";

/** The part of a large picture that can be seen, and the colours of now. */
export interface Glimpse {
  readonly scroll: Scroll;
  readonly view: Size;
  readonly palette: Palette;
}

export interface ScrollHandlers {
  /** Draws what can be seen; `still` where it is drawn for a file, not for the screen. */
  draw(brush: Brush, glimpse: Glimpse, still: boolean): void;
  /** The box has another size: `extend` is to be called. */
  resize(): void;
}

/** Pixels that a browser's canvas has at most along a side. */
const LARGEST = 16_000;

/**
 * A canvas that stays in view while its scroller moves: only what can be seen is drawn, so that
 * its cost does not grow with the picture.
 */
export class ScrollCanvas {
  readonly element: HTMLElement;
  private readonly canvas = element("canvas", { "aria-hidden": "true" });
  private readonly sizer = element("div", { class: "grid-sizer" }, this.canvas);
  private readonly observer = new ResizeObserver(() => this.handlers.resize());
  private colours: Palette | null = null;
  private full: Size = { width: 0, height: 0 };
  private frame = 0;

  /** `whole`: on paper all of the picture is drawn, and not what is in view. */
  constructor(
    attributes: Readonly<Record<string, string | number>>,
    private readonly handlers: ScrollHandlers,
    private readonly whole = false,
  ) {
    this.element = element("div", { tabindex: 0, role: "application", ...attributes }, this.sizer);
    this.element.addEventListener("scroll", () => this.redraw(), { passive: true });
    this.observer.observe(this.element);
  }

  /** The size of the whole picture; a width of Infinity is that of the box. */
  extend(full: Size): void {
    this.full = full;
    this.sizer.style.width = Number.isFinite(full.width) ? `${full.width}px` : "";
    this.sizer.style.height = `${full.height}px`;
    this.paint();
  }

  /** Whether the page is on its way to paper, where nothing scrolls. */
  get printing(): boolean {
    return this.whole && this.element.closest("[data-printing]") !== null;
  }

  /** The size of what can be seen. */
  get view(): Size {
    if (this.printing) {
      const width = Number.isFinite(this.full.width) ? this.full.width : this.element.clientWidth;
      return { width: Math.min(width, LARGEST), height: Math.min(this.full.height, LARGEST) };
    }
    return {
      width: Math.min(this.element.clientWidth, this.full.width),
      height: Math.min(this.element.clientHeight, this.full.height),
    };
  }

  get scroll(): Scroll {
    if (this.printing) return { x: 0, y: 0 };
    return { x: this.element.scrollLeft, y: this.element.scrollTop };
  }

  /** Where the pointer is in what can be seen. */
  point(event: MouseEvent): Scroll {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  redraw(): void {
    this.frame ||= requestAnimationFrame(() => this.paint());
  }

  /** After the theme has changed: the colours are read again. */
  recolour(): void {
    this.colours = null;
    this.paint();
  }

  /** Draws at once, so that the first picture is there when the page says it is ready. */
  paint(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const brush = this.canvas.getContext("2d");
    const view = this.view;
    if (!brush || view.width <= 0 || view.height <= 0) return;
    const ratio = sized(this.canvas, view);
    brush.setTransform(ratio, 0, 0, ratio, 0, 0);
    brush.clearRect(0, 0, view.width, view.height);
    this.handlers.draw(brush, this.glimpse(view), false);
  }

  /** What can be seen now, to be drawn elsewhere. */
  plate(): Plate {
    const view = this.view;
    const glimpse = this.glimpse(view);
    return { ...view, paint: (brush) => this.handlers.draw(brush, glimpse, true) };
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    this.element.remove();
  }

  private glimpse(view: Size): Glimpse {
    this.colours ??= paletteOf(this.element);
    return { scroll: this.scroll, view, palette: this.colours };
  }
}

/** A picture on such a canvas, as others hold it. */
export abstract class Drawn {
  protected abstract readonly canvas: ScrollCanvas;

  get element(): HTMLElement {
    return this.canvas.element;
  }

  /** After the theme has changed. */
  recolour(): void {
    this.canvas.recolour();
  }

  /** What can be seen now, to be drawn elsewhere. */
  plate(): Plate {
    return this.canvas.plate();
  }

  dispose(): void {
    this.canvas.dispose();
  }
}

/** Gives a canvas a size in CSS pixels; returns how many of its own pixels each has. */
export function sized(canvas: HTMLCanvasElement, view: Size): number {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(view.width * ratio), Math.round(view.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  canvas.style.width = `${view.width}px`;
  canvas.style.height = `${view.height}px`;
  return ratio;
}
