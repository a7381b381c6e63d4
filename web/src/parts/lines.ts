import { listenToCells } from "./cellinput";
import { dash, hue } from "./hues";
import type { Scheme } from "./theme";

/** One line of a chart: a value at every step. */
export interface Line {
  readonly label: string;
  readonly values: readonly number[];
}

/** What a chart shows: steps along x, and how y is scaled. */
export interface Chart {
  readonly label: string;
  readonly steps: readonly string[];
  readonly lines: readonly Line[];
  /** 0 (bottom) to 1 (top) for a value. */
  place(value: number): number;
  /** Values marked along y. */
  readonly ticks: readonly number[];
  tick(value: number): string;
  /** What the steps are. */
  readonly axis?: string;
}

const SVG = "http://www.w3.org/2000/svg";
const ROW = 17;
/** The room that the number of a step needs. */
const NAME = 24;
const ROOM = { left: 52, right: 150, top: 14, bottom: 34 } as const;
const SIZE = { width: 720, height: 380 } as const;

export interface LineHandlers {
  /** The step under the pointer, or null when it has left. */
  hover(step: number | null): void;
  /** A click, or ← → Home End: a step. */
  choose(step: number): void;
  /** ↑ or ↓: a line, or a click on one. */
  line?(index: number): void;
}

/** Lines over steps as SVG: each with its own hue, dash and a label at its end. */
export class LineChart {
  readonly element: SVGSVGElement;
  private readonly guide: SVGLineElement;
  private readonly groups: readonly SVGGElement[];
  private step = -1;
  private line = -1;

  constructor(
    private readonly chart: Chart,
    scheme: Scheme,
    handlers: LineHandlers,
  ) {
    const { width, height } = SIZE;
    this.element = svg("svg", {
      viewBox: `0 0 ${width} ${height}`,
      class: "lines",
      tabindex: 0,
      role: "img",
      "aria-label": chart.label,
    });
    this.guide = svg("line", { class: "guide", y1: ROOM.top, y2: height - ROOM.bottom });
    this.groups = this.marks(scheme);
    this.element.append(...this.axes(), this.guide, ...this.groups);
    this.listen(handlers);
  }

  /** Marks the chosen step, and a line where one is chosen. */
  choose(step: number, line = -1): void {
    [this.step, this.line] = [step, line];
    this.point(step);
    this.groups.forEach((group, i) => group.classList.toggle("is-chosen", i === line));
  }

  /** Moves the guide to a step. */
  point(step: number): void {
    const x = String(this.x(step));
    this.guide.setAttribute("x1", x);
    this.guide.setAttribute("x2", x);
  }

  /** In a narrow window the chart's box scrolls along. */
  reveal(step: number): void {
    const box = this.element.parentElement;
    if (!box) return;
    const last = Math.max(1, this.chart.steps.length - 1);
    box.scrollLeft = (step / last) * (box.scrollWidth - box.clientWidth);
  }

  private x(index: number): number {
    const last = Math.max(1, this.chart.steps.length - 1);
    return ROOM.left + (index / last) * (SIZE.width - ROOM.left - ROOM.right);
  }

  private y(value: number): number {
    const high = SIZE.height - ROOM.top - ROOM.bottom;
    return ROOM.top + (1 - this.chart.place(value)) * high;
  }

  private axes(): SVGElement[] {
    const { steps, ticks } = this.chart;
    const every = Math.ceil(steps.length / 16);
    const bottom = SIZE.height - ROOM.bottom;
    const last = steps.length - 1;
    // The last one is always named: what would touch it is not.
    const clear = (i: number): boolean => this.x(last) - this.x(i) >= NAME;
    const names = steps.flatMap((name, i) =>
      i === last || (i % every === 0 && clear(i))
        ? [text(name, this.x(i), bottom + 16, "middle")]
        : [],
    );
    const rules = ticks.flatMap((value) => [
      svg("line", {
        class: "rule",
        x1: ROOM.left,
        x2: SIZE.width - ROOM.right,
        y1: this.y(value),
        y2: this.y(value),
      }),
      text(this.chart.tick(value), ROOM.left - 8, this.y(value) + 4, "end"),
    ]);
    return [...rules, ...names, text(this.chart.axis ?? "layer", ROOM.left, bottom + 31, "start")];
  }

  /** A group for each line: its path, its dots, and its label at the end. */
  private marks(scheme: Scheme): SVGGElement[] {
    const ends = this.endPlaces();
    return this.chart.lines.map((line, i) => {
      const colour = hue(i, scheme);
      const points = line.values.map((value, step) => [this.x(step), this.y(value)] as const);
      const path = svg("polyline", {
        points: points.map((point) => point.join(",")).join(" "),
        stroke: colour,
        "stroke-dasharray": dash(i),
        class: "line",
      });
      const dots = points.map(([cx, cy]) => svg("circle", { cx, cy, r: 2.2, fill: colour }));
      const label = text(short(line.label), SIZE.width - ROOM.right + 14, ends[i]! + 4, "start");
      label.setAttribute("class", "line-label");
      label.setAttribute("fill", colour);
      const leader = svg("line", {
        class: "leader",
        x1: this.x(line.values.length - 1) + 4,
        x2: SIZE.width - ROOM.right + 11,
        y1: points.at(-1)?.[1] ?? 0,
        y2: ends[i]!,
        stroke: colour,
      });
      const group = svg("g", { "data-line": i });
      group.append(path, ...dots, leader, label);
      return group;
    });
  }

  /** Where the labels at the ends go: as near their lines as they can be without meeting. */
  private endPlaces(): number[] {
    const wanted = this.chart.lines.map((line) => this.y(line.values.at(-1) ?? NaN));
    const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]!);
    const places: number[] = [];
    let free = -Infinity;
    for (const i of order) {
      places[i] = Math.max(wanted[i]!, free);
      free = places[i]! + ROW;
    }
    const over = Math.max(0, free - ROW - (SIZE.height - ROOM.bottom));
    return over ? places.map((place) => Math.max(ROOM.top, place - over)) : places;
  }

  private listen(handlers: LineHandlers): void {
    listenToCells<number>(this.element, {
      under: (event) => this.under(event),
      hover: (step) => handlers.hover(step),
      choose: (step, { target }) => {
        const group = (target as Element).closest<SVGGElement>("g[data-line]");
        if (group) handlers.line?.(Number(group.dataset["line"]));
        handlers.choose(step);
      },
      key: (name) => this.onKey(name, handlers),
    });
  }

  /** The step that is nearest to the pointer. */
  private under(event: MouseEvent): number {
    const box = this.element.getBoundingClientRect();
    const last = this.chart.steps.length - 1;
    const x = ((event.clientX - box.left) / box.width) * SIZE.width;
    const share = (x - ROOM.left) / (SIZE.width - ROOM.left - ROOM.right);
    return Math.min(last, Math.max(0, Math.round(share * last)));
  }

  private onKey(name: string, handlers: LineHandlers): boolean {
    const last = this.chart.steps.length - 1;
    const steps: Record<string, number> = {
      ArrowLeft: this.step - 1,
      ArrowRight: this.step + 1,
      Home: 0,
      End: last,
    };
    const lines: Record<string, number> = { ArrowUp: this.line - 1, ArrowDown: this.line + 1 };
    const [step, line] = [steps[name], lines[name]];
    if (step !== undefined) handlers.choose(Math.min(last, Math.max(0, step)));
    else if (line !== undefined && handlers.line) {
      handlers.line(Math.min(this.chart.lines.length - 1, Math.max(0, line)));
    } else return false;
    return true;
  }
}

function text(words: string, x: number, y: number, anchor: string): SVGTextElement {
  const node = svg("text", { x, y, "text-anchor": anchor });
  node.textContent = words;
  return node;
}

function short(label: string): string {
  const characters = Array.from(label);
  return characters.length > 16 ? `${characters.slice(0, 15).join("")}…` : label;
}

function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number>>,
): SVGElementTagNameMap[K] {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}
