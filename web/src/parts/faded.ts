import type { Brush } from "./brush";
import type { Size } from "./geometry";
import { SvgBrush } from "./svgbrush";

const SCALE = 2;

/** Draws something as a whole with one opacity: lines over each other grow no darker. */
export function faded(
  brush: Brush,
  opacity: number,
  { width, height }: Size,
  paint: (brush: Brush) => void,
): void {
  if (brush instanceof SvgBrush) {
    brush.group(opacity, paint);
    return;
  }
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(width * SCALE);
  canvas.height = Math.ceil(height * SCALE);
  const under = canvas.getContext("2d");
  if (!under) return;
  under.setTransform(SCALE, 0, 0, SCALE, 0, 0);
  paint(under);
  brush.globalAlpha = opacity;
  brush.drawImage(canvas, 0, 0, width, height);
  brush.globalAlpha = 1;
}
