import { element } from "../../parts/dom";
import { fitted } from "../../parts/fitted";
import { paletteOf, type Palette } from "../../parts/theme";
import type { AttentionHeader } from "../../spec/headers";
import { told, type HeadWeights } from "./weights";

export type Side = "query" | "key";

/** A token on the left, which looks, or on the right, which is looked at. */
export interface Token {
  readonly side: Side;
  readonly at: number;
}

export interface ColumnHandlers {
  hover(token: Token | null): void;
  choose(token: Token): void;
}

const ROW = 20;
const PAGE = 10;
const HIGHEST = 560;
/** The least weight whose number is printed beside its token. */
const TOLD = 0.005;
/** How strong the lines are that do not belong to the token in focus. */
const FAINT = 0.22;

/** Two columns of tokens with a line for each weight; only what can be seen is drawn. */
export class Columns {
  readonly element: HTMLElement;
  private readonly canvas = element("canvas", { "aria-hidden": "true" });
  private readonly sizer = element("div", { class: "grid-sizer" }, this.canvas);
  private readonly observer = new ResizeObserver(() => this.paint());
  private weights: HeadWeights | null = null;
  private least = new Uint8Array();
  private chosen: Token = { side: "query", at: 0 };
  private hovered: Token | null = null;
  private palette: Palette | null = null;
  private frame = 0;

  constructor(
    private readonly header: AttentionHeader,
    private readonly handlers: ColumnHandlers,
  ) {
    this.element = element(
      "div",
      { class: "grid columns", tabindex: 0, role: "application" },
      this.sizer,
    );
    this.element.setAttribute(
      "aria-label",
      "Tokens that look, left, and are looked at, right; up and down move, left and right change sides.",
    );
    const height = ROW * header.inputs.length;
    this.sizer.style.height = `${height}px`;
    this.element.style.height = `min(${height}px, ${HIGHEST}px, 80vh)`;
    this.listen();
    this.observer.observe(this.element);
  }

  /** The weights of a head; `least` is the lowest level drawn in each row. */
  show(weights: HeadWeights, least: Uint8Array): void {
    this.weights = weights;
    this.least = least as Uint8Array<ArrayBuffer>;
    this.redraw();
  }

  choose(token: Token, reveal: boolean): void {
    this.chosen = token;
    if (reveal) {
      const [y, { scrollTop, clientHeight }] = [token.at * ROW, this.element];
      if (y < scrollTop + ROW) this.element.scrollTop = y - ROW;
      if (y + 2 * ROW > scrollTop + clientHeight)
        this.element.scrollTop = y + 2 * ROW - clientHeight;
    }
    this.redraw();
  }

  hover(token: Token | null): void {
    this.hovered = token;
    this.redraw();
  }

  recolour(): void {
    this.palette = null;
    this.redraw();
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    this.element.remove();
  }

  private redraw(): void {
    this.frame ||= requestAnimationFrame(() => this.paint());
  }

  private paint(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const brush = this.canvas.getContext("2d");
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!brush || !this.weights || width <= 0 || height <= 0) return;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    brush.setTransform(ratio, 0, 0, ratio, 0, -this.element.scrollTop * ratio);
    this.palette ??= paletteOf(this.element);
    const focus = this.hovered ?? this.chosen;
    this.paintLines(brush, this.weights, focus, width);
    this.paintTokens(brush, this.weights, focus, width);
  }

  /** The rows in the window. */
  private visible(): readonly [number, number] {
    const { scrollTop, clientHeight } = this.element;
    const count = this.header.inputs.length;
    return [
      Math.floor(scrollTop / ROW),
      Math.min(count, Math.ceil((scrollTop + clientHeight) / ROW)),
    ];
  }

  private column(width: number): number {
    return Math.min(190, Math.max(96, width * 0.32));
  }

  /** Lines with an end in the window; those of the token in focus last, and strong. */
  private paintLines(
    brush: CanvasRenderingContext2D,
    weights: HeadWeights,
    focus: Token,
    width: number,
  ): void {
    const [first, end] = this.visible();
    const inside = (row: number): boolean => row >= first && row < end;
    const strong: [number, number][] = [];
    const line = (query: number, key: number): void => {
      if (weights.level(query, key) < Math.max(1, this.least[query]!)) return;
      if ((focus.side === "query" ? query : key) === focus.at) strong.push([query, key]);
      else if (inside(query) || inside(key))
        this.line(brush, weights.at(query, key), query, key, width, FAINT);
    };
    for (let query = 0; query < weights.size; query++) {
      const whole = inside(query) || (focus.side === "query" && query === focus.at);
      for (let key = whole ? 0 : first; key < (whole ? weights.reach(query) : end); key++)
        line(query, key);
      if (!whole && focus.side === "key" && !inside(focus.at)) line(query, focus.at);
    }
    for (const [query, key] of strong)
      this.line(brush, weights.at(query, key), query, key, width, 1);
    brush.globalAlpha = 1;
  }

  private line(
    brush: CanvasRenderingContext2D,
    weight: number,
    query: number,
    key: number,
    width: number,
    strength: number,
  ): void {
    const column = this.column(width);
    brush.strokeStyle = this.palette!.accent;
    brush.globalAlpha = strength * Math.sqrt(weight);
    brush.lineWidth = 0.75 + 5 * weight;
    brush.beginPath();
    brush.moveTo(column, (query + 0.5) * ROW);
    brush.lineTo(width - column, (key + 0.5) * ROW);
    brush.stroke();
  }

  private paintTokens(
    brush: CanvasRenderingContext2D,
    weights: HeadWeights,
    focus: Token,
    width: number,
  ): void {
    const [first, end] = this.visible();
    const column = this.column(width);
    brush.textBaseline = "middle";
    brush.direction = "ltr";
    for (const side of ["query", "key"] as const) {
      for (let at = first; at < end; at++) {
        const [query, key] = side === "query" ? [at, focus.at] : [focus.at, at];
        const weight = side === focus.side ? NaN : weights.at(query, key);
        this.token(
          brush,
          { side, at },
          weight,
          focus,
          side === "query" ? 0 : width - column,
          column,
        );
      }
    }
  }

  private token(
    brush: CanvasRenderingContext2D,
    { side, at }: Token,
    weight: number,
    focus: Token,
    x: number,
    column: number,
  ): void {
    const palette = this.palette!;
    const y = at * ROW;
    const own = focus.side === side && focus.at === at;
    const seen = weight >= TOLD;
    if (own) {
      brush.fillStyle = palette.out;
      brush.fillRect(x, y + 1, column, ROW - 2);
    } else if (weight > 0) {
      brush.fillStyle = palette.accent;
      brush.globalAlpha = 0.35 * Math.sqrt(weight);
      brush.fillRect(x, y + 1, column, ROW - 2);
      brush.globalAlpha = 1;
    }
    const left = side === "query";
    brush.font = `${own ? "600 " : ""}12px ${palette.mono}`;
    brush.fillStyle = own ? palette.card : palette.ink;
    brush.textAlign = left ? "right" : "left";
    const room = column - (seen ? 58 : 14);
    const text = fitted(brush, this.header.inputs[at]!, room);
    brush.fillText(text, left ? x + column - 7 : x + 7, y + ROW / 2);
    if (!seen) return;
    brush.font = `11px ${palette.sans}`;
    brush.textAlign = left ? "left" : "right";
    brush.fillText(told(weight), left ? x + 5 : x + column - 5, y + ROW / 2);
  }

  private under(event: MouseEvent): Token | null {
    const box = this.element.getBoundingClientRect();
    const x = event.clientX - box.left;
    const at = Math.floor((event.clientY - box.top + this.element.scrollTop) / ROW);
    if (at < 0 || at >= this.header.inputs.length) return null;
    const column = this.column(this.element.clientWidth);
    if (x < column) return { side: "query", at };
    return x >= this.element.clientWidth - column ? { side: "key", at } : null;
  }

  private listen(): void {
    const node = this.element;
    node.addEventListener("scroll", () => this.redraw(), { passive: true });
    node.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch") this.handlers.hover(this.under(event));
    });
    node.addEventListener("pointerleave", () => this.handlers.hover(null));
    node.addEventListener("click", (event) => {
      const token = this.under(event);
      if (token) this.handlers.choose(token);
    });
    node.addEventListener("keydown", (event) => this.onKey(event));
  }

  private onKey(event: KeyboardEvent): void {
    const { side, at } = this.chosen;
    const last = this.header.inputs.length - 1;
    const targets: Record<string, Token> = {
      ArrowUp: { side, at: at - 1 },
      ArrowDown: { side, at: at + 1 },
      PageUp: { side, at: at - PAGE },
      PageDown: { side, at: at + PAGE },
      Home: { side, at: 0 },
      End: { side, at: last },
      ArrowLeft: { side: "query", at },
      ArrowRight: { side: "key", at },
    };
    const target = targets[event.key];
    if (!target) return;
    this.handlers.choose({ ...target, at: Math.min(last, Math.max(0, target.at)) });
    event.preventDefault();
  }
}
