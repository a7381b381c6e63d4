import type { Brush, Plate } from "../../parts/brush";
import { listenToCells } from "../../parts/cellinput";
import { element } from "../../parts/dom";
import { sized } from "../../parts/scrollcanvas";
import { paletteOf, type Palette, type Scheme } from "../../parts/theme";
import { paintAtlas } from "./atlas";
import { flowing, GAP, LABELS, tabled, type Box, type Layout } from "./gridlayout";
import { sameHead, type HeadAt, type Heads } from "./heads";

export interface ThumbnailHandlers {
  /** The head under the pointer or the cursor, or null. */
  point(at: HeadAt | null): void;
  /** A click, Enter or Space. */
  choose(at: HeadAt): void;
  /** The key p: beside the chosen one, or no more. */
  pin(at: HeadAt): void;
}

/** How strong the heads are that a filter leaves out. */
const LEFT_OUT = 0.14;

/** Every head of the model as a thumbnail on one canvas; arrow keys move, Enter chooses. */
export class Thumbnails {
  readonly element: HTMLElement;
  private readonly canvas = element("canvas", { "aria-hidden": "true" });
  private readonly observer = new ResizeObserver(() => this.layOut());
  /** All thumbnails in their colours, a layer below another; then as they are laid out. */
  private readonly atlas = document.createElement("canvas");
  private readonly sheet = document.createElement("canvas");
  private layout: Layout = { boxes: [], size: 0, across: 1, width: 0, height: 0 };
  private palette: Palette | null = null;
  private sort = "";
  private kept: (at: HeadAt) => boolean = () => true;
  private cursor = 0;
  private chosen: HeadAt = { layer: 0, head: 0 };
  private pinned: HeadAt | null = null;

  constructor(
    private readonly heads: Heads,
    private readonly handlers: ThumbnailHandlers,
  ) {
    this.element = element(
      "div",
      { class: "thumbnails", tabindex: 0, role: "application" },
      this.canvas,
    );
    this.element.setAttribute(
      "aria-label",
      `${heads.count} heads; arrow keys move, Enter enlarges one, p pins one to compare.`,
    );
    this.listen();
    this.observer.observe(this.element);
  }

  /** The colours of every thumbnail anew: other theme, or the first token hidden or shown. */
  colour(scheme: Scheme, hideFirst: boolean): void {
    this.palette = null;
    const { heads } = this;
    paintAtlas(this.atlas, heads.thumbnails(hideFirst), scheme, heads.full(hideFirst));
    this.paintSheet();
  }

  /** Another order ("" is layer by layer), and which heads a filter keeps. */
  arrange(sort: string, kept: (at: HeadAt) => boolean): void {
    this.sort = sort;
    this.kept = kept;
    this.layOut();
  }

  choose(at: HeadAt, pinned: HeadAt | null): void {
    const isOther = !sameHead(at, this.chosen);
    this.chosen = at;
    this.pinned = pinned;
    this.cursor = Math.max(0, this.indexOf(at));
    if (isOther) this.reveal();
    this.paint();
  }

  /** All heads as they are laid out now. */
  plate(): Plate {
    const { width, height } = this.layout;
    return { width, height, paint: (brush) => this.draw(brush, false) };
  }

  dispose(): void {
    this.observer.disconnect();
    this.element.remove();
  }

  private indexOf(at: HeadAt): number {
    return this.layout.boxes.findIndex((box) => sameHead(box.at, at));
  }

  private layOut(): void {
    const room = this.element.clientWidth;
    if (room <= 0) return;
    const at = this.layout.boxes[this.cursor]?.at ?? this.chosen;
    const isFirst = !this.layout.boxes.length;
    const { layers, heads } = this.heads.header;
    const order = this.heads.order(this.sort);
    this.layout = this.sort
      ? flowing(order.filter(this.kept), room)
      : tabled(order, layers.length, heads.length, room);
    this.cursor = Math.max(0, this.indexOf(at));
    this.paintSheet();
    if (isFirst) this.reveal();
  }

  /** The thumbnails in their places, so that a moving frame draws them as one. */
  private paintSheet(): void {
    const brush = this.sheet.getContext("2d");
    if (!brush || !this.layout.width || !this.atlas.width) return;
    const { boxes, size } = this.layout;
    const ratio = sized(this.sheet, this.layout);
    brush.setTransform(ratio, 0, 0, ratio, 0, 0);
    brush.clearRect(0, 0, this.layout.width, this.layout.height);
    brush.imageSmoothingEnabled = false;
    const { heads, layers } = this.heads.header;
    const [across, down] = [this.atlas.width / heads.length, this.atlas.height / layers.length];
    for (const { at, x, y } of boxes) {
      brush.globalAlpha = this.kept(at) ? 1 : LEFT_OUT;
      const from = [at.head * across, at.layer * down, across, down] as const;
      brush.drawImage(this.atlas, ...from, x, y, size, size);
    }
    this.paint();
  }

  private paint(): void {
    const brush = this.canvas.getContext("2d");
    if (!brush || !this.layout.width) return;
    const ratio = sized(this.canvas, this.layout);
    brush.setTransform(ratio, 0, 0, ratio, 0, 0);
    brush.clearRect(0, 0, this.layout.width, this.layout.height);
    this.draw(brush, true);
  }

  private draw(brush: Brush, screen: boolean): void {
    const { boxes, size, width, height } = this.layout;
    this.palette ??= paletteOf(this.element);
    const { palette } = this;
    brush.drawImage(this.sheet, 0, 0, width, height);
    if (!this.sort) this.paintWords(brush, palette);
    const mark = (box: Box | undefined, colour: string, line: number, dash: number[]): void => {
      if (!box) return;
      const [x, y, end] = [box.x - 1, box.y - 1, size + 2];
      brush.strokeStyle = colour;
      brush.lineWidth = line;
      brush.setLineDash(dash);
      brush.beginPath();
      brush.moveTo(x, y);
      for (const [across, down] of FRAME) brush.lineTo(x + across * end, y + down * end);
      brush.stroke();
      brush.setLineDash([]);
    };
    if (screen && this.element.matches(":focus")) mark(boxes[this.cursor], palette.ink, 1.5, []);
    if (this.pinned) mark(boxes[this.indexOf(this.pinned)], palette.ink, 2.5, [4, 3]);
    mark(boxes[this.indexOf(this.chosen)], palette.out, 2.5, []);
  }

  /** The numbers of the layers and of the heads, where they are laid out as a table. */
  private paintWords(brush: Brush, palette: Palette): void {
    const { layers, heads, aggregate } = this.heads.header;
    const { boxes, size } = this.layout;
    brush.font = `10px ${palette.sans}`;
    brush.fillStyle = palette.dim;
    brush.textBaseline = "middle";
    for (const { at, x, y } of boxes) {
      brush.textAlign = "right";
      if (at.head === 0) brush.fillText(String(layers[at.layer]!), x - 6, y + size / 2);
      brush.textAlign = "center";
      if (y === LABELS.top && !aggregate) brush.fillText(String(heads[at.head]!), x + size / 2, 7);
    }
  }

  private under(event: MouseEvent): Box | null {
    const corner = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - corner.left, event.clientY - corner.top];
    const reach = this.layout.size + GAP;
    return (
      this.layout.boxes.find(
        (box) => x >= box.x && x < box.x + reach && y >= box.y && y < box.y + reach,
      ) ?? null
    );
  }

  private listen(): void {
    const node = this.element;
    listenToCells<Box>(node, {
      under: (event) => this.under(event),
      hover: (box) => this.handlers.point(box?.at ?? null),
      choose: ({ at }) => this.handlers.choose(at),
      key: (name) => this.onKey(name),
    });
    for (const name of ["focus", "blur"]) node.addEventListener(name, () => this.paint());
  }

  private onKey(name: string): boolean {
    const { boxes, across } = this.layout;
    const here = boxes[this.cursor];
    if (!here) return false;
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -across,
      ArrowDown: across,
      Home: -this.cursor,
      End: boxes.length,
    };
    const step = steps[name];
    if (name === "Enter" || name === " ") this.handlers.choose(here.at);
    else if (name === "p") this.handlers.pin(here.at);
    else if (step === undefined) return false;
    else this.moveTo(Math.min(boxes.length - 1, Math.max(0, this.cursor + step)));
    return true;
  }

  private moveTo(cursor: number): void {
    this.cursor = cursor;
    this.reveal();
    this.handlers.point(this.layout.boxes[cursor]!.at);
    this.paint();
  }

  /** Scrolls, both ways, to where the cursor is. */
  private reveal(): void {
    const box = this.layout.boxes[this.cursor];
    if (!box) return;
    const node = this.element;
    const { x, y } = box;
    const size = this.layout.size + GAP;
    if (y < node.scrollTop) node.scrollTop = y - LABELS.top;
    else if (y + size > node.scrollTop + node.clientHeight)
      node.scrollTop = y + size - node.clientHeight;
    if (x < node.scrollLeft) node.scrollLeft = x - LABELS.left;
    else if (x + size > node.scrollLeft + node.clientWidth)
      node.scrollLeft = x + size - node.clientWidth;
  }
}

/** The way around a box from its corner. */
const FRAME = [
  [1, 0],
  [1, 1],
  [0, 1],
  [0, 0],
] as const;
