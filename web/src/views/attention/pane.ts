import type { Plate } from "../../parts/brush";
import { element } from "../../parts/dom";
import type { Place } from "../../parts/geometry";
import { HeatGrid } from "../../parts/heatgrid";
import type { GridModel } from "../../parts/heatmodel";
import type { AttentionHeader } from "../../spec/headers";
import { Columns, type ColumnHandlers } from "./columns";
import { emptyModel, isOverview } from "./matrix";
import type { Weave } from "./strands";
import type { Token } from "./tokens";

export interface PaneHandlers extends ColumnHandlers {
  /** The pointer or the keyboard is on a cell of the matrix, or has left (null). */
  cell(place: Place | null): void;
}

/** Heads as lines between two columns of tokens, or as a matrix. */
export class HeadPane {
  readonly element = element("div", { class: "pane" });
  private readonly columns: Columns;
  private readonly matrix: HeatGrid;
  private cell: Place = { row: 0, col: 0 };

  constructor(
    private readonly header: AttentionHeader,
    private readonly handlers: PaneHandlers,
  ) {
    this.columns = new Columns(header, handlers);
    this.matrix = new HeatGrid(emptyModel(), {
      hover: (place) => handlers.cell(place),
      choose: (place) => this.chooseCell(place),
      move: (place) => this.chooseCell(place),
      release: () => handlers.release(),
    });
  }

  showLines(weave: Weave): void {
    this.swap(this.columns.element);
    this.columns.show(weave);
  }

  showMatrix(model: GridModel): void {
    this.swap(this.matrix.element);
    this.matrix.show(model, isOverview(this.header));
  }

  /** Words in place of a picture. */
  showWords(...words: (Node | string)[]): void {
    this.swap(element("p", { class: "problem" }, ...words));
  }

  focus(tokens: readonly Token[] | null, cursor: Token, reveal: boolean): void {
    this.columns.focus(tokens, cursor, reveal);
    const { row, col } = this.cell;
    this.cell = cursor.side === "query" ? { row: cursor.at, col } : { row, col: cursor.at };
    this.matrix.select(this.cell, reveal);
  }

  hover(token: Token | null): void {
    this.columns.hover(token);
  }

  /** Marks a cell that is looked at in another matrix. */
  point(place: Place | null): void {
    this.matrix.setHover(place);
  }

  recolour(): void {
    this.columns.recolour();
    this.matrix.recolour();
  }

  plate(): Plate {
    return (this.showsLines ? this.columns : this.matrix).plate();
  }

  dispose(): void {
    this.columns.dispose();
    this.matrix.dispose();
  }

  private get showsLines(): boolean {
    return this.element.firstChild === this.columns.element;
  }

  private chooseCell(place: Place): void {
    this.cell = place;
    this.handlers.move({ side: "query", at: place.row });
    this.matrix.select(place, true);
    this.handlers.cell(place);
  }

  private swap(node: HTMLElement): void {
    if (this.element.firstChild !== node) this.element.replaceChildren(node);
  }
}
