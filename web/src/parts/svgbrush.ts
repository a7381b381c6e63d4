import type { Brush } from "./brush";

/** What of a brush `save` keeps and `restore` brings back. */
interface Pen {
  fillStyle: string;
  strokeStyle: string;
  lineWidth: number;
  globalAlpha: number;
  font: string;
  textAlign: CanvasTextAlign;
  dash: string;
  /** Groups opened since the pen was saved: closed when it is restored. */
  groups: number;
}

const START: Pen = {
  fillStyle: "#000000",
  strokeStyle: "#000000",
  lineWidth: 1,
  globalAlpha: 1,
  font: "10px sans-serif",
  textAlign: "left",
  dash: "",
  groups: 0,
};
const ANCHORS: Readonly<Record<CanvasTextAlign, string>> = {
  left: "start",
  start: "start",
  center: "middle",
  right: "end",
  end: "end",
};
/** From the middle of a line of text down to its base, in heights of the font. */
const MIDDLE = 0.35;

/**
 * A brush that writes SVG: boxes, lines and real text, in the order they were drawn. Text always
 * stands in the middle of its line. `texts` alone: only what is written, over a drawn image.
 */
export class SvgBrush implements Brush {
  imageSmoothingEnabled = true;
  textBaseline: CanvasTextBaseline = "middle";
  direction: CanvasDirection = "ltr";
  shapes = 0;
  private pen: Pen = { ...START };
  private readonly saved: Pen[] = [];
  private readonly marks: string[] = [];
  private path: string[] = [];
  private box = "";
  private clips = 0;

  constructor(
    private readonly ruler: Pick<CanvasRenderingContext2D, "font" | "measureText">,
    private readonly prefix: string,
    private readonly texts = false,
  ) {}

  /** Draws something as a whole with one opacity. */
  group(opacity: number, paint: (brush: Brush) => void): void {
    this.marks.push(`<g opacity="${short(opacity)}">`);
    paint(this);
    this.marks.push("</g>");
  }

  /** Everything drawn until now. */
  get source(): string {
    return this.marks.join("");
  }

  get fillStyle(): string {
    return this.pen.fillStyle;
  }
  set fillStyle(value: string | CanvasGradient | CanvasPattern) {
    this.pen.fillStyle = String(value);
  }
  get strokeStyle(): string {
    return this.pen.strokeStyle;
  }
  set strokeStyle(value: string | CanvasGradient | CanvasPattern) {
    this.pen.strokeStyle = String(value);
  }
  get lineWidth(): number {
    return this.pen.lineWidth;
  }
  set lineWidth(value: number) {
    this.pen.lineWidth = value;
  }
  get globalAlpha(): number {
    return this.pen.globalAlpha;
  }
  set globalAlpha(value: number) {
    this.pen.globalAlpha = value;
  }
  get font(): string {
    return this.pen.font;
  }
  set font(value: string) {
    this.pen.font = value;
    this.ruler.font = value;
  }
  get textAlign(): CanvasTextAlign {
    return this.pen.textAlign;
  }
  set textAlign(value: CanvasTextAlign) {
    this.pen.textAlign = value;
  }

  save(): void {
    this.saved.push(this.pen);
    this.pen = { ...this.pen, groups: 0 };
  }

  restore(): void {
    this.marks.push("</g>".repeat(this.pen.groups));
    this.pen = this.saved.pop() ?? { ...START };
    this.ruler.font = this.pen.font;
  }

  translate(x: number, y: number): void {
    this.open(`<g transform="translate(${short(x)} ${short(y)})">`);
  }

  beginPath(): void {
    this.path = [];
    this.box = "";
  }

  /** The one path that is clipped to. */
  rect(x: number, y: number, width: number, height: number): void {
    this.box = boxAttributes(x, y, width, height);
  }

  clip(): void {
    const name = `${this.prefix}-${this.clips++}`;
    this.marks.push(`<clipPath id="${name}"><rect ${this.box}/></clipPath>`);
    this.open(`<g clip-path="url(#${name})">`);
  }

  moveTo(x: number, y: number): void {
    this.path.push(`M${short(x)} ${short(y)}`);
  }

  lineTo(x: number, y: number): void {
    this.path.push(`L${short(x)} ${short(y)}`);
  }

  stroke(): void {
    const { dash } = this.pen;
    const dashes = dash ? ` stroke-dasharray="${dash}"` : "";
    this.shape(`<path d="${this.path.join("")}" ${this.line()}${dashes}/>`);
  }

  setLineDash(dash: readonly number[]): void {
    this.pen.dash = dash.join(" ");
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    const { fillStyle } = this.pen;
    const box = boxAttributes(x, y, width, height);
    this.shape(`<rect ${box} fill="${escaped(fillStyle)}"${this.alpha()}/>`);
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.shape(`<rect ${boxAttributes(x, y, width, height)} ${this.line()}/>`);
  }

  fillText(text: string, x: number, y: number): void {
    const { fillStyle, font, textAlign } = this.pen;
    const [, weight = "400", size = "10", family = "sans-serif"] =
      /^(?:(\d+) )?([\d.]+)px (.*)$/.exec(font) ?? [];
    this.marks.push(
      `<text x="${short(x)}" y="${short(y + MIDDLE * Number(size))}" ` +
        `text-anchor="${ANCHORS[textAlign]}" font-family="${escaped(family)}" ` +
        `font-size="${size}" font-weight="${weight}" fill="${escaped(fillStyle)}"` +
        `${this.alpha()} xml:space="preserve">${escaped(text)}</text>`,
    );
  }

  measureText(text: string): TextMetrics {
    return this.ruler.measureText(text);
  }

  drawImage(image: HTMLCanvasElement, x: number, y: number, width: number, height: number): void {
    if (this.texts) return;
    const style = this.imageSmoothingEnabled ? "" : ' style="image-rendering:pixelated"';
    const box = boxAttributes(x, y, width, height);
    this.shape(`<image ${box} preserveAspectRatio="none"${style} href="${image.toDataURL()}"/>`);
  }

  private shape(mark: string): void {
    if (this.texts) return;
    this.shapes++;
    this.marks.push(mark);
  }

  private open(group: string): void {
    this.marks.push(group);
    this.pen.groups++;
  }

  private line(): string {
    const { strokeStyle, lineWidth } = this.pen;
    return (
      `fill="none" stroke="${escaped(strokeStyle)}" stroke-width="${short(lineWidth)}"` +
      this.alpha()
    );
  }

  private alpha(): string {
    return this.pen.globalAlpha === 1 ? "" : ` opacity="${short(this.pen.globalAlpha)}"`;
  }
}

/** Text as XML has it: what would be markup is written as entities, what XML has not as U+FFFD. */
export function escaped(text: string): string {
  return text
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu, "\ufffd")
    .replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function boxAttributes(x: number, y: number, width: number, height: number): string {
  return `x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}"`;
}

/** Three digits behind the point are more than any screen shows. */
function short(value: number): string {
  return String(Math.round(1000 * value) / 1000);
}
