import { element } from "./dom";

/** A small line of values, 0 at the bottom, the largest of `top` at the top; NaN leaves a gap. */
export function sparkline(
  values: readonly number[],
  top: number,
  colour: string,
  { width = 150, height = 30 } = {},
): HTMLCanvasElement {
  const ratio = window.devicePixelRatio || 1;
  const canvas = element("canvas", { class: "spark", "aria-hidden": "true" });
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const brush = canvas.getContext("2d");
  if (!brush) return canvas;
  brush.scale(ratio, ratio);
  brush.strokeStyle = colour;
  brush.lineWidth = 1.5;
  const x = (i: number): number => 2 + (i / Math.max(1, values.length - 1)) * (width - 4);
  const y = (value: number): number => height - 3 - (top > 0 ? value / top : 0) * (height - 6);
  let drawing = false;
  brush.beginPath();
  values.forEach((value, i) => {
    if (Number.isNaN(value)) drawing = false;
    else if (drawing) brush.lineTo(x(i), y(value));
    else brush.moveTo(x(i), y(value));
    drawing = !Number.isNaN(value);
  });
  brush.stroke();
  return canvas;
}
