import type { Brush } from "../../parts/brush";
import { listenToCells } from "../../parts/cellinput";
import { faded } from "../../parts/faded";
import { Drawn, ScrollCanvas, type Glimpse } from "../../parts/scrollcanvas";
import type { AttentionHeader } from "../../spec/headers";
import { Backdrop } from "./backdrop";
import { FAINT, paintStrand, paintFocus, ROW, visibleRows, type Weave } from "./strands";
import { paintTokens, spanOf, columnWidth } from "./tokencolumns";
import { countsOf, unitOf, type Counts, type Token } from "./tokens";

export interface ColumnHandlers {
  hover(token: Token | null): void;
  /** A click or Enter; `add` to those that are pinned. */
  choose(token: Token, add: boolean): void;
  /** An arrow: the cursor goes on, what is pinned stays. */
  move(token: Token): void;
  /** Escape. */
  release(): void;
}

const PAGE = 10;
const HIGHEST = 560;
const KEYS = "up and down move, left and right change sides, Enter pins or unpins, Escape lets go.";

/** Two columns of tokens with a line for each weight; only what can be seen is drawn. */
export class Columns extends Drawn {
  protected readonly canvas: ScrollCanvas;
  private readonly counts: Counts;
  /** The lines of all tokens, which stay when another token is looked at. */
  private readonly backdrop = new Backdrop();
  private weave: Weave | null = null;
  private version = 0;
  private cursor: Token = { side: "query", at: 0 };
  private hovered: Token | null = null;

  constructor(
    private readonly header: AttentionHeader,
    private readonly handlers: ColumnHandlers,
  ) {
    super();
    this.counts = countsOf(header);
    this.canvas = new ScrollCanvas(
      { class: "grid columns", "aria-label": `${lookingWords(header)}; ${KEYS}` },
      {
        draw: (brush, glimpse, still) => this.draw(brush, glimpse, still),
        resize: () => this.layOut(),
      },
    );
    this.element.style.height = `min(${this.height}px, ${HIGHEST}px, 80vh)`;
    this.listen();
  }

  /** What to draw; the focus is that of no hover. */
  show(weave: Weave): void {
    this.weave = weave;
    this.version++;
    this.layOut();
  }

  /** Other tokens in focus, and where the keyboard is. */
  focus(focus: readonly Token[] | null, cursor: Token, reveal: boolean): void {
    if (this.weave) this.weave = { ...this.weave, focus };
    this.cursor = cursor;
    if (reveal) this.reveal(cursor.at * ROW);
    this.canvas.redraw();
  }

  hover(token: Token | null): void {
    this.hovered = token;
    this.canvas.redraw();
  }

  override recolour(): void {
    this.version++;
    super.recolour();
  }

  private get height(): number {
    return ROW * Math.max(this.counts.query, this.counts.key);
  }

  private layOut(): void {
    this.canvas.extend({ width: Infinity, height: this.height });
  }

  private reveal(y: number): void {
    const { scrollTop, clientHeight } = this.element;
    if (y < scrollTop + ROW) this.element.scrollTop = y - ROW;
    if (y + 2 * ROW > scrollTop + clientHeight) this.element.scrollTop = y + 2 * ROW - clientHeight;
  }

  private draw(brush: Brush, glimpse: Glimpse, still: boolean): void {
    if (!this.weave) return;
    const focus = this.hovered ? [this.hovered] : this.weave.focus;
    const weave = { ...this.weave, focus };
    const { width } = glimpse.view;
    const rows = visibleRows(glimpse, this.counts.query);
    const span = spanOf(width, weave.strands.length);
    const paint = (under: Brush, strand: number): void => {
      under.save();
      under.translate(0, -glimpse.scroll.y);
      paintStrand(under, weave, strand, rows, span);
      under.restore();
    };
    const opacity = focus ? FAINT : 1;
    const count = weave.strands.length;
    if (still) {
      faded(brush, opacity, glimpse.view, (under) =>
        weave.strands.forEach((_, i) => paint(under, i)),
      );
    } else if (!this.backdrop.draw(brush, opacity, glimpse, this.version, count, paint)) {
      this.canvas.redraw();
    }
    brush.save();
    brush.translate(0, -glimpse.scroll.y);
    paintFocus(brush, weave, span);
    const framed = !still && this.element.matches(":focus-visible");
    const { header, cursor } = this;
    const { palette } = glimpse;
    const scene = { header, weave, palette, width, cursor, framed };
    paintTokens(brush, scene, { query: rows, key: visibleRows(glimpse, this.counts.key) });
    brush.restore();
  }

  private under(event: MouseEvent): Token | null {
    const { x, y } = this.canvas.point(event);
    const at = Math.floor((y + this.canvas.scroll.y) / ROW);
    const { width } = this.canvas.view;
    const column = columnWidth(width, this.weave?.strands.length ?? 1);
    if (at < 0 || (x >= column && x < width - column)) return null;
    const side = x < column ? "query" : "key";
    return at < this.counts[side] ? { side, at } : null;
  }

  private listen(): void {
    const node = this.element;
    listenToCells<Token>(node, {
      under: (event) => this.under(event),
      hover: (token) => this.handlers.hover(token),
      choose: (token, { ctrlKey, metaKey, shiftKey }) =>
        this.handlers.choose(token, ctrlKey || metaKey || shiftKey),
      key: (name) => this.onKey(name),
    });
    for (const name of ["focus", "blur"]) node.addEventListener(name, () => this.canvas.redraw());
  }

  private onKey(name: string): boolean {
    if (name === "Escape") this.handlers.release();
    else if (name === "Enter" || name === " ") this.handlers.choose(this.cursor, true);
    else {
      const target = this.stepped(name);
      if (!target) return false;
      this.handlers.move(target);
    }
    return true;
  }

  private stepped(key: string): Token | null {
    const { side, at } = this.cursor;
    const last = this.counts[side] - 1;
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
    const target = targets[key];
    if (!target) return null;
    return { ...target, at: Math.min(this.counts[target.side] - 1, Math.max(0, target.at)) };
  }
}

function lookingWords(header: AttentionHeader): string {
  const [query, key] = [unitOf(header, "query"), unitOf(header, "key")];
  const looked = query === key ? "" : `${key}s that `;
  return `${query === "token" ? "Tokens" : "Frames"} that look, left, and ${looked}are looked at, right`;
}
