import { element } from "../../parts/dom";
import { paintOf } from "../../parts/ramp";
import { paletteOf, type Scheme } from "../../parts/theme";
import { arrayOf } from "../../spec/spec";
import type { HeadAt, Heads } from "./heads";

export interface ThumbnailHandlers {
  /** The head under the pointer or the cursor, or null. */
  point(at: HeadAt | null): void;
  /** A click, Enter or Space. */
  choose(at: HeadAt): void;
}

interface Box {
  readonly at: HeadAt;
  readonly x: number;
  readonly y: number;
}

const GAP = 3;
const LABELS = { left: 26, top: 16, between: 14 } as const;
/** Pixels of a thumbnail, and the height within which all should lie. */
const SIZES = { largest: 40, least: 14 } as const;
const HEIGHT = 640;

/** Every head of the model as a thumbnail on one canvas; arrow keys move, Enter chooses. */
export class Thumbnails {
  readonly element: HTMLElement;
  private readonly canvas = element("canvas", { "aria-hidden": "true" });
  private readonly observer = new ResizeObserver(() => this.layOut());
  private readonly atlas = document.createElement("canvas");
  private boxes: Box[] = [];
  private size = SIZES.largest as number;
  private width = 0;
  private height = 0;
  private sort = "";
  private cursor = 0;
  private chosen: HeadAt = { layer: 0, head: 0 };

  constructor(
    private readonly heads: Heads,
    private readonly handlers: ThumbnailHandlers,
  ) {
    this.element = element(
      "div",
      { class: "thumbnails", tabindex: 0, role: "application" },
      this.canvas,
    );
    const { layers, heads: numbers } = heads.header;
    this.element.setAttribute(
      "aria-label",
      `${layers.length * numbers.length} heads; arrow keys move, Enter enlarges one.`,
    );
    this.listen();
    this.observer.observe(this.element);
  }

  /** The colours of every thumbnail anew: other theme, or the first token hidden or shown. */
  colour(scheme: Scheme, hideFirst: boolean): void {
    const grid = arrayOf(this.heads.spec, hideFirst ? "thumbnails_rest" : "thumbnails");
    const [layers, heads, side] = grid.shape as [number, number, number];
    this.atlas.width = heads * side;
    this.atlas.height = layers * side;
    const brush = this.atlas.getContext("2d");
    if (!brush) return;
    const image = brush.createImageData(this.atlas.width, this.atlas.height);
    const shades = Array.from({ length: 256 }, (_, level) =>
      (paintOf("clay", scheme, level / 255)!.fill.match(/\d+/g) ?? []).map(Number),
    );
    for (let i = 0; i < grid.data.length; i++) {
      const head = Math.floor(i / (side * side));
      const x = (head % heads) * side + (i % side);
      const y = Math.floor(head / heads) * side + (Math.floor(i / side) % side);
      const at = 4 * (y * this.atlas.width + x);
      image.data.set(shades[grid.data[i]!]!, at);
      image.data[at + 3] = 255;
    }
    brush.putImageData(image, 0, 0);
    this.paint();
  }

  /** Another order: "" is layer by layer. */
  arrange(sort: string): void {
    this.sort = sort;
    this.layOut();
  }

  choose(at: HeadAt): void {
    this.chosen = at;
    this.cursor = Math.max(0, this.indexOf(at));
    this.paint();
  }

  dispose(): void {
    this.observer.disconnect();
    this.element.remove();
  }

  private indexOf(at: HeadAt): number {
    return this.boxes.findIndex((box) => box.at.layer === at.layer && box.at.head === at.head);
  }

  private layOut(): void {
    const room = this.element.clientWidth;
    if (room <= 0) return;
    const at = this.boxes[this.cursor]?.at ?? this.chosen;
    this.boxes = this.sort ? this.flow(room) : this.table(room);
    this.width = Math.max(...this.boxes.map((box) => box.x)) + this.size + GAP;
    this.height = Math.max(...this.boxes.map((box) => box.y)) + this.size + GAP;
    this.cursor = Math.max(0, this.indexOf(at));
    this.paint();
  }

  /** Layers down, heads across; folded beside each other where that keeps it low. */
  private table(room: number): Box[] {
    const { layers, heads } = this.heads.header;
    const fold = (size: number): number =>
      Math.floor((room + LABELS.between) / this.blockWidth(size));
    const rows = (size: number): number => Math.ceil(layers.length / Math.max(1, fold(size)));
    let size = SIZES.largest as number;
    const fits = (): boolean => fold(size) >= 1 && rows(size) * (size + GAP) <= HEIGHT;
    while (size > SIZES.least && !fits()) size--;
    if (!fits()) {
      const widest = Math.floor((room - LABELS.left) / heads.length) - GAP;
      size = Math.min(SIZES.largest, Math.max(SIZES.least, widest));
    }
    this.size = size;
    const deep = rows(size);
    return this.heads.order("").map((at) => ({
      at,
      x: LABELS.left + at.head * (size + GAP) + Math.floor(at.layer / deep) * this.blockWidth(size),
      y: LABELS.top + (at.layer % deep) * (size + GAP),
    }));
  }

  private blockWidth(size: number): number {
    return LABELS.left + this.heads.header.heads.length * (size + GAP) + LABELS.between;
  }

  /** In the order of a figure, line by line. */
  private flow(room: number): Box[] {
    this.size = 36;
    const step = this.size + GAP;
    const across = Math.max(1, Math.floor((room - 2) / step));
    return this.heads.order(this.sort).map((at, i) => ({
      at,
      x: 2 + (i % across) * step,
      y: 2 + Math.floor(i / across) * step,
    }));
  }

  private paint(): void {
    const brush = this.canvas.getContext("2d");
    if (!brush || !this.boxes.length || !this.atlas.width) return;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.canvas.style.width = `${this.width}px`;
    this.canvas.style.height = `${this.height}px`;
    brush.setTransform(ratio, 0, 0, ratio, 0, 0);
    brush.imageSmoothingEnabled = false;
    const side = this.atlas.width / this.heads.header.heads.length;
    for (const { at, x, y } of this.boxes) {
      const from = [at.head * side, at.layer * side, side, side] as const;
      brush.drawImage(this.atlas, ...from, x, y, this.size, this.size);
    }
    this.paintWords(brush);
  }

  private paintWords(brush: CanvasRenderingContext2D): void {
    const palette = paletteOf(this.element);
    brush.font = `10px ${palette.sans}`;
    brush.fillStyle = palette.dim;
    brush.textBaseline = "middle";
    if (!this.sort) {
      const { layers, heads } = this.heads.header;
      for (const { at, x, y } of this.boxes) {
        brush.textAlign = "right";
        if (at.head === 0) brush.fillText(String(layers[at.layer]!), x - 6, y + this.size / 2);
        brush.textAlign = "center";
        if (y === LABELS.top) brush.fillText(String(heads[at.head]!), x + this.size / 2, 7);
      }
    }
    const mark = (box: Box | undefined, colour: string, line: number): void => {
      if (!box) return;
      brush.strokeStyle = colour;
      brush.lineWidth = line;
      brush.strokeRect(box.x - 1, box.y - 1, this.size + 2, this.size + 2);
    };
    const focused = document.activeElement === this.element;
    if (focused) mark(this.boxes[this.cursor], palette.ink, 1.5);
    mark(this.boxes[this.indexOf(this.chosen)], palette.out, 2.5);
  }

  private listen(): void {
    const node = this.element;
    const under = (event: MouseEvent): Box | undefined => {
      const corner = this.canvas.getBoundingClientRect();
      const [x, y] = [event.clientX - corner.left, event.clientY - corner.top];
      const reach = this.size + GAP;
      return this.boxes.find(
        (box) => x >= box.x && x < box.x + reach && y >= box.y && y < box.y + reach,
      );
    };
    node.addEventListener("pointermove", (event) => this.handlers.point(under(event)?.at ?? null));
    node.addEventListener("pointerleave", () => this.handlers.point(null));
    node.addEventListener("click", (event) => {
      const box = under(event);
      if (box) this.handlers.choose(box.at);
    });
    node.addEventListener("keydown", (event) => this.onKey(event));
    node.addEventListener("focus", () => this.paint());
    node.addEventListener("blur", () => this.paint());
  }

  private onKey(event: KeyboardEvent): void {
    const here = this.boxes[this.cursor];
    if (!here) return;
    const across = this.sort
      ? Math.max(
          1,
          this.boxes.findIndex((box) => box.y > this.boxes[0]!.y),
        )
      : this.heads.header.heads.length;
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -across,
      ArrowDown: across,
      Home: -this.cursor,
      End: this.boxes.length,
    };
    const step = steps[event.key];
    if (event.key === "Enter" || event.key === " ") this.handlers.choose(here.at);
    else if (step === undefined) return;
    else this.moveTo(Math.min(this.boxes.length - 1, Math.max(0, this.cursor + step)));
    event.preventDefault();
  }

  private moveTo(cursor: number): void {
    this.cursor = cursor;
    const { at, y } = this.boxes[cursor]!;
    const { scrollTop, clientHeight } = this.element;
    if (y < scrollTop) this.element.scrollTop = y - LABELS.top;
    if (y + this.size > scrollTop + clientHeight)
      this.element.scrollTop = y + this.size - clientHeight;
    this.handlers.point(at);
    this.paint();
  }
}
