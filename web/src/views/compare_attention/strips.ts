import { element } from "../../parts/dom";
import { TokenStrip } from "../../parts/strip";
import type { CompareAttentionHeader, SlotRow } from "../../spec/compare";
import { slotChips } from "../compare/slots";

/** A slot that looks, and one that is looked at. */
export interface Slots {
  readonly at: number;
  readonly key: number;
}

export interface StripsHandlers {
  /** The pointer is over a slot of either strip, or has left. */
  hover(over: Partial<Slots>): void;
  choose(name: keyof Slots, slot: number): void;
}

/** The tokens of both runs; of cross attention those of the targets, then of the sources. */
export class Strips {
  readonly nodes: readonly HTMLElement[];
  private readonly looking: TokenStrip;
  private readonly read: TokenStrip | null;

  constructor(
    header: CompareAttentionHeader,
    private readonly handlers: StripsHandlers,
  ) {
    const { keys } = header;
    this.looking = this.strip(keys ? "Targets" : "Tokens", header, "at");
    this.read = keys && this.strip("Sources", keys, "key");
    this.nodes = this.read
      ? [
          hint("The targets, which look."),
          this.looking.element,
          hint("The sources, which are looked at."),
          this.read.element,
        ]
      : [this.looking.element];
  }

  /** Marks what is chosen, and what is under the pointer. */
  mark(chosen: Slots, shown: Slots): void {
    const marks = (name: keyof Slots) => ({
      chosen: chosen[name],
      follows: -1,
      hover: shown[name] === chosen[name] ? -1 : shown[name],
    });
    this.looking.mark(marks("at"));
    this.read?.mark(marks("key"));
  }

  private strip(label: string, row: SlotRow, name: keyof Slots): TokenStrip {
    const choose = (slot: number): void => this.handlers.choose(name, slot);
    return new TokenStrip(
      `${label} of both runs, the second's below where it differs`,
      slotChips(row),
      {
        hover: (slot) => this.handlers.hover(over(name, slot)),
        choose,
        move: choose,
        release: () => {},
      },
    );
  }
}

function hint(words: string): HTMLElement {
  return element("p", { class: "hint" }, words);
}

function over(name: keyof Slots, slot: number | null): Partial<Slots> {
  if (slot === null) return {};
  return name === "at" ? { at: slot } : { key: slot };
}
