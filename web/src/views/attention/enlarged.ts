import { button, element, press } from "../../parts/dom";
import type { Plate } from "../../parts/brush";
import type { Place } from "../../parts/geometry";
import { picker } from "../../parts/picker";
import { paletteOf } from "../../parts/theme";
import type { Context } from "./context";
import { blockControl, massControl } from "./controls";
import type { HeadAt } from "./heads";
import { HeadPane } from "./pane";
import type { Strand } from "./strands";
import { sideOf, type Token } from "./tokens";
import { told, type HeadWeights } from "./weights";

/** The chosen head beside the grid: as lines or as a matrix, with words on what is drawn. */
export class Enlarged {
  readonly element: HTMLElement;
  readonly pane: HeadPane;
  strand: Strand | null = null;
  weights: HeadWeights | null = null;
  private readonly title = element("h2");
  private readonly group = element("p", { class: "about" });
  private readonly drawn = element("p", { class: "about", "aria-live": "polite" });
  private mass = 0;

  constructor(
    private readonly context: Context,
    hover: (token: Token | null) => void,
  ) {
    const { focus, header, choices } = context;
    this.pane = new HeadPane(header, {
      hover,
      choose: (token, add) => focus.choose(token, add),
      move: (token) => focus.move(token),
      release: () => focus.release(),
      cell: (place) => this.tell(place),
    });
    const controls = element("div", { class: "controls is-quiet" });
    controls.append(
      picker(choices, "form", "Form", [
        ["lines", "lines"],
        ["matrix", "matrix"],
      ]),
      this.pinButton(),
      massControl(choices, header),
    );
    this.element = element("div", {}, this.title, this.group, controls);
    this.element.append(...blockControl(choices, header), this.pane.element, this.drawn);
  }

  /** Draws the chosen head as far as it is here. */
  show(): void {
    const { context } = this;
    const at = context.head;
    this.title.textContent = context.heads.name(at);
    this.group.textContent = context.heads.group(at);
    this.weights = context.weights(at);
    this.strand = null;
    if (this.weights) this.showWeights(at, this.weights);
    else if (context.store.has(at) && !context.store.problem(at)) this.drawn.textContent = "";
    else this.pane.showWords(...context.absence([at]));
    this.tell(null);
  }

  /** What the picture shows, in words. */
  get words(): string {
    return this.drawn.textContent;
  }

  plate(): Plate | null {
    return this.weights ? this.pane.plate() : null;
  }

  private showWeights(at: HeadAt, weights: HeadWeights): void {
    const { context } = this;
    if (context.choices.get("form") === "matrix") {
      this.pane.showMatrix(context.matrix(weights));
      return;
    }
    const colour = paletteOf(this.element).accent;
    const ink = { colour, dash: [] };
    const { strand, mass } = context.strand(context.heads.name(at), weights, ink);
    this.strand = strand;
    this.mass = mass;
    const { block } = context;
    this.pane.showLines({ strands: [strand], block, focus: context.focus.tokens });
  }

  private tell(place: Place | null): void {
    if (!this.weights) this.drawn.textContent = "";
    else if (place) this.drawn.textContent = this.cellWords(this.weights, place);
    else if (this.strand) this.drawn.textContent = this.context.linesWords(this.mass);
    else
      this.drawn.textContent =
        (this.context.header.keys ? "Target down, source across" : "Queries down, keys across") +
        `; shaded by ${this.context.shading}.`;
  }

  private cellWords(weights: HeadWeights, { row, col }: Place): string {
    const { header } = this.context;
    const weight = weights.at(row, col);
    const words = Number.isNaN(weight) ? "could not see it" : told(weight);
    return `${header.inputs[row]!} on ${sideOf(header, "key")[col]!}: ${words}`;
  }

  /** Pins the chosen head, so that the next one is compared with it. */
  private pinButton(): HTMLElement {
    const { choices } = this.context;
    const node = button("pin to compare", () =>
      choices.set({ versus: choices.get("versus") ? "" : choices.get("head") }),
    );
    const show = (): void => {
      const pinned = this.context.heads.find(choices.get("versus"));
      press(node, pinned !== null);
      node.textContent = pinned
        ? `unpin ${this.context.heads.name(pinned).toLowerCase()}`
        : "pin to compare";
    };
    choices.subscribe(show);
    show();
    return node;
  }
}
