/** What a picture is drawn with: a canvas, or an SVG that records what would be drawn there. */
export type Brush = Pick<
  CanvasRenderingContext2D,
  | "fillStyle"
  | "strokeStyle"
  | "lineWidth"
  | "globalAlpha"
  | "font"
  | "textAlign"
  | "textBaseline"
  | "direction"
  | "imageSmoothingEnabled"
  | "save"
  | "restore"
  | "translate"
  | "beginPath"
  | "rect"
  | "clip"
  | "moveTo"
  | "lineTo"
  | "stroke"
  | "setLineDash"
  | "fillRect"
  | "strokeRect"
  | "fillText"
  | "measureText"
> & {
  /** The whole of a canvas, stretched over a box. */
  drawImage(image: HTMLCanvasElement, x: number, y: number, width: number, height: number): void;
};

/** Part of a picture: its size in pixels, and how it is drawn from its own corner. */
export interface Plate {
  readonly width: number;
  readonly height: number;
  paint(brush: Brush): void;
}
