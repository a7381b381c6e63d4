import { card, sentence } from "../../parts/card";
import type { Choices } from "../../parts/choices";
import { element } from "../../parts/dom";
import { savePicture } from "../../parts/savepicture";
import { chipsOf, TokenStrip } from "../../parts/strip";
import type { AttentionNeuronHeader } from "../../spec/attention_neuron";
import type { Spec } from "../../spec/spec";
import type { Host } from "../host";
import { wide, type Page } from "../page";
import { controls } from "./controls";
import { StepGrid, type Shown } from "./grid";
import { has, isVector, SINK, type Block, type Cell } from "./layout";
import { RowNumbers } from "./numbers";
import { facts, keyTable, pairPanel } from "./panel";
import { Head, type Vectors } from "./row";
import { saved } from "./save";
import { neuronChoices, OWN, shownBlocks } from "./state";
import { told } from "./words";

/** The choices that change what the grid holds; the others are the cell in it. */
const OF_ROW = ["at", "vectors", "keys", "entries", "count", "show"] as const;

/** The tokens that may ask, the computation of the one that does, and one pair of it in words. */
export class NeuronPage implements Page {
  readonly cards: readonly HTMLElement[];
  private readonly head: Head;
  private readonly choices: Choices;
  private readonly strip: TokenStrip;
  private readonly grid: StepGrid;
  private readonly readout = element("p", { class: "step-told", "aria-live": "polite" });
  private readonly pair = element("div", { class: "pair" });
  private readonly table = element("div");
  private numbers: RowNumbers;
  /** What is under the pointer: a token that might ask, a cell. */
  private asking: number | null = null;
  private hovered: Cell | null = null;

  constructor(spec: Spec<AttentionNeuronHeader>, host: Host) {
    this.head = new Head(spec);
    this.choices = neuronChoices(this.head, host);
    this.numbers = this.newNumbers();
    const choose = (at: number): void => this.choices.set({ at: String(at) });
    this.strip = new TokenStrip("The token that asks", chipsOf(spec.header), {
      hover: (at) => this.ask(at),
      choose,
      move: choose,
      release: () => this.ask(null),
    });
    this.grid = new StepGrid(this.shown(), this.cell(), host.theme, {
      hover: (cell) => this.hover(cell),
      choose: ({ key, block, entry }) =>
        this.choices.set({ key: String(key), block, entry: String(entry) }),
      release: () => this.choices.set({ key: OWN, block: "product", entry: OWN }),
    });
    this.cards = this.arrange(spec);
  }

  start(): void {
    this.showQuery();
    this.point(true);
    this.choices.subscribe((now, before) => {
      if (OF_ROW.some((name) => now[name] !== before[name])) this.showQuery();
      this.point(true);
    });
  }

  recolour(): void {
    this.grid.recolour();
  }

  dispose(): void {
    this.grid.dispose();
    this.choices.dispose();
  }

  private arrange(spec: Spec<AttentionNeuronHeader>): HTMLElement[] {
    const { header } = spec;
    const picture = card(
      header.heading,
      header.about,
      [savePicture(() => saved(this.shown(), this.grid, this.choices))],
      header.source ? element("p", { class: "strip-name" }, "target: the token that asks") : null,
      this.strip.element,
      controls(this.head, this.choices),
      this.readout,
      this.grid.element,
      element(
        "p",
        { class: "hint" },
        "Clay is positive, teal negative (with a dash where there is room); shading is the square " +
          "root, up to the number above each block; numbers in cells are rounded. The thick frame " +
          "is the cell in words, thin ones are what it is made of. Arrow keys move; Escape goes " +
          "back to the key with the most weight.",
      ),
      sentence(header.sentence),
    );
    const pair = element(
      "section",
      { class: "card" },
      this.pair,
      element("details", {}, element("summary", {}, "Read as a table"), this.table),
    );
    return [wide(picture), pair, facts(this.head)];
  }

  /** A token under the pointer asks for as long as it is there. */
  private ask(at: number | null): void {
    if (this.asking === at) return;
    this.asking = at;
    this.showQuery();
    this.point(false);
  }

  private hover(cell: Cell | null): void {
    this.hovered = cell;
    this.point(false);
  }

  private query(): number {
    return this.asking ?? this.choices.number("at");
  }

  private vectors(): Vectors {
    return this.choices.get("vectors") === "before" ? this.head.before! : this.head.after;
  }

  private newNumbers(): RowNumbers {
    return new RowNumbers(this.head, this.vectors(), this.query());
  }

  private shown(): Shown {
    const { numbers, choices } = this;
    const count = choices.get("count") === "all" ? Infinity : choices.number("count");
    const bySize = choices.get("entries") === "size";
    const known = new Map<Block, number[]>();
    return {
      numbers,
      blocks: shownBlocks(choices),
      keys: numbers.keys(choices.get("keys") === "weight"),
      entries: (block) => {
        if (!known.has(block)) known.set(block, numbers.entries(block, count, bySize));
        return known.get(block)!;
      },
    };
  }

  /** The cell that is told: the one chosen, else the first term of the key with the most weight. */
  private cell(): Cell {
    const { choices, numbers } = this;
    const { blocks, entries } = this.shown();
    const wanted = choices.get("block") as Block;
    const block = blocks.includes(wanted) ? wanted : "weight";
    const own = numbers.keys(true)[0]!;
    const said = choices.get("key") === OWN ? own : choices.number("key");
    const absent = said === SINK && this.head.header.sink === null;
    const key = absent || !has(said, block) ? own : said;
    if (!isVector(block)) return { key, block, entry: 0 };
    const drawn = entries(block);
    const leading = numbers.leading(own).find((entry) => drawn.includes(entry)) ?? drawn[0]!;
    const entry = choices.get("entry") === OWN ? leading : choices.number("entry");
    return { key, block, entry: drawn.includes(entry) ? entry : drawn[0]! };
  }

  private showQuery(): void {
    this.numbers = this.newNumbers();
    this.strip.mark({ chosen: this.choices.number("at"), follows: -1, hover: this.asking ?? -1 });
    this.grid.show(this.shown(), this.cell());
    this.table.replaceChildren(keyTable(this.numbers));
  }

  private point(reveal: boolean): void {
    const cell = this.hovered ?? this.cell();
    this.grid.point(cell, reveal && !this.hovered);
    this.readout.textContent = told(this.head, this.numbers.row, this.numbers.vectors, cell);
    const key = cell.key >= 0 ? cell.key : this.numbers.keys(true)[0]!;
    this.pair.replaceChildren(...pairPanel(this.numbers, key));
  }
}
