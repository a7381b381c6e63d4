import type { Brush } from "../../parts/brush";
import { sized, type Glimpse } from "../../parts/scrollcanvas";

/** Milliseconds of a frame that lines may take; the rest is drawn in the next one. */
const BUDGET = 8;

/** The lines of several heads, drawn anew only when they are others or lie elsewhere. */
export class Backdrop {
  private readonly canvas = document.createElement("canvas");
  private of = "";
  private next = 0;

  /** Whether all of them are there. */
  draw(
    brush: Brush,
    opacity: number,
    { view, scroll }: Glimpse,
    version: number,
    count: number,
    paint: (brush: Brush, strand: number) => void,
  ): boolean {
    const name = [version, scroll.y, view.width, view.height, window.devicePixelRatio].join();
    const under = this.canvas.getContext("2d");
    if (!under) return true;
    if (name !== this.of) {
      this.of = name;
      this.next = 0;
      const ratio = sized(this.canvas, view);
      under.setTransform(ratio, 0, 0, ratio, 0, 0);
      under.clearRect(0, 0, view.width, view.height);
    }
    const end = performance.now() + BUDGET;
    do {
      if (this.next < count) paint(under, this.next++);
    } while (this.next < count && performance.now() < end);
    brush.globalAlpha = opacity;
    brush.drawImage(this.canvas, 0, 0, view.width, view.height);
    brush.globalAlpha = 1;
    return this.next >= count;
  }
}
