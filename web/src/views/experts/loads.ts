import { track } from "../../parts/candidates";
import { stepOf } from "../../parts/cellinput";
import { element, press } from "../../parts/dom";
import { percent } from "../../parts/format";
import type { Calls } from "./called";

/** How often each expert of a layer was called: a bar each, which picks it. */
export class LoadBars {
  readonly element = element("div", { class: "loads", role: "group", "aria-label": "Load" });
  readonly hint = element("p", { class: "hint" });
  private bars: (readonly [number, HTMLButtonElement])[] = [];
  private drawn: readonly number[] = [];
  private row = -1;

  constructor(
    private readonly calls: Calls,
    private readonly pick: (expert: number) => void,
  ) {
    this.element.addEventListener("keydown", (event) => this.key(event));
  }

  /** Draws the bars anew where the layer or the order is another: focus stays on them elsewhere. */
  show(row: number, order: readonly number[], expert: number): void {
    if (row !== this.row || order !== this.drawn) this.draw(row, order);
    for (const [number, bar] of this.bars) press(bar, number === expert);
    this.stopAt(
      Math.max(
        0,
        this.bars.findIndex(([number]) => number === expert),
      ),
    );
  }

  /** The one bar that Tab goes to; arrow keys go from bar to bar. */
  private stopAt(place: number): void {
    this.bars.forEach(([, bar], i) => (bar.tabIndex = i === place ? 0 : -1));
  }

  private key(event: KeyboardEvent): void {
    const at = this.bars.findIndex(([, bar]) => bar === event.target);
    const last = this.bars.length - 1;
    const step = stepOf(event.key, 1);
    const ends: Readonly<Record<string, number>> = { Home: 0, End: last };
    const next = step ? at + step[0] + step[1] : ends[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    const place = Math.min(last, Math.max(0, next));
    this.stopAt(place);
    this.bars[place]![1].focus();
  }

  private draw(row: number, order: readonly number[]): void {
    [this.row, this.drawn] = [row, order];
    const most = order.reduce((top, one) => Math.max(top, this.calls.load(row, one)), 0) || 1;
    this.bars = order.map((expert) => [expert, this.bar(row, expert, most)] as const);
    this.element.replaceChildren(...this.bars.map(([, bar]) => bar));
    const equal = percent(this.calls.equal(row));
    this.hint.textContent = `Equal use would be ${equal}. Pick one to see where it was called.`;
  }

  private bar(row: number, expert: number, most: number): HTMLButtonElement {
    const load = this.calls.load(row, expert);
    const bar = element(
      "button",
      { type: "button", class: "load" },
      element("span", { class: "load-name" }, String(expert)),
      track(load / most),
      element("span", { class: "amount" }, percent(load)),
    );
    bar.addEventListener("click", () => this.pick(expert));
    return bar;
  }
}
