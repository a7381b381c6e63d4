import type { Choices } from "../../parts/choices";
import { element } from "../../parts/dom";
import { TokenStrip, type Chip } from "../../parts/strip";
import type { Piece } from "./shares";

/** A source of more tokens, such as the frames of a sound, leaves room for the target. */
const MANY = 400;

export function chipsOf(pieces: readonly Piece[]): Chip[] {
  return pieces.map(({ label, produced, role }) => ({
    label,
    produced,
    role,
    tint: null,
    note: "",
  }));
}

/** The text that an encoder-decoder read, coloured by its share; one of its tokens is picked. */
export class SourceStrip {
  private readonly strip: TokenStrip;

  constructor(
    readonly pieces: readonly Piece[],
    private readonly choices: Choices,
  ) {
    const pick = (index: number): void =>
      choices.set({ source: String(pieces[index]!.positions[0]!) });
    this.strip = new TokenStrip("The source, coloured by its share", chipsOf(pieces), {
      hover: () => {},
      choose: pick,
      move: pick,
      release: () => {},
    });
    this.strip.element.classList.toggle("is-frames", pieces.length > MANY);
  }

  /** Both strips, each under its name; the other alone where no source was read. */
  above(strip: HTMLElement): HTMLElement[] {
    if (!this.pieces.length) return [strip];
    return [heading("source"), this.strip.element, heading("target"), strip];
  }

  show(tints: readonly (string | null)[], notes: readonly string[]): void {
    this.strip.repaint(tints, notes);
    const picked = this.choices.number("source");
    const chosen = this.pieces.findIndex(({ positions }) => positions.includes(picked));
    this.strip.mark({ chosen, follows: -1, hover: -1 });
  }
}

function heading(words: string): HTMLElement {
  return element("p", { class: "strip-name" }, words);
}
