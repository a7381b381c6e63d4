import { card } from "../../parts/card";
import { element } from "../../parts/dom";
import type { Selection } from "../../parts/selection";
import { chipsOf, TokenStrip, type Chip } from "../../parts/strip";
import type { TokenRow } from "../../spec/headers";
import type { ReportHeader } from "../../spec/report";
import { goTo, placeOf, UNSAID } from "./place";

const ABOUT =
  "Pick a token: the page shows how the model came to say it. Filled: the token that is looked " +
  "at; framed: the one that was read last before it.";

const ABOUT_MASKED = "Pick a token: the page shows what the model says in its place, and why.";

const ABOUT_SILENT = "Pick a token: every picture shows it.";

const ABOUT_CLASSIFIED = "Pick a token: every picture shows it, and what the model answers.";

/** The whole text as chips, prompt and output apart, and a last one for what would come next. */
export class Text {
  readonly card: HTMLElement;
  private readonly strip: TokenStrip;
  /** The text that an encoder-decoder read, with a selection of its own. */
  private readonly source: TokenStrip | null;
  private readonly shift: number;
  private hover = -1;

  constructor(
    private readonly header: ReportHeader,
    private readonly selection: Selection,
  ) {
    // A masked model says a token where it stands, another one from the position before it.
    this.shift = header.masked ? 0 : 1;
    const said = (index: number): void => goTo(header, selection, index - this.shift);
    this.strip = new TokenStrip("The tokens, one is looked at", chips(header), {
      hover: (index) => this.point(index ?? -1),
      choose: said,
      move: said,
      release: () => {},
    });
    this.strip.element.classList.add("is-said");
    this.source = header.source && sourceStrip(header.source, selection);
    const produced = header.produced.some(Boolean);
    const classifies = header.sections.some(({ name }) => name === "classes");
    const silent = !header.vocabulary.length; // a model that gives states, and says no token
    const masked = silent ? ABOUT_SILENT : ABOUT_MASKED;
    const read = header.source?.times ? "frame" : "token";
    const picked = header.source ? ` In the source, filled: the ${read} picked there.` : "";
    const words = classifies ? ABOUT_CLASSIFIED : header.masked ? masked : ABOUT;
    const about = words + picked + (produced ? " Underlined: produced by the model." : "");
    const strips = this.source
      ? [named("source"), this.source.element, named("target"), this.strip.element]
      : [this.strip.element];
    this.card = card("The text", about, [], ...strips);
  }

  show(): void {
    const { row } = placeOf(this.header, this.selection);
    const follows = this.shift ? row : -1;
    this.strip.mark({ chosen: row + this.shift, follows, hover: this.hover });
    const read = this.header.source?.positions.indexOf(this.selection.picked.source ?? -1);
    this.source?.mark({ chosen: read ?? -1, follows: -1, hover: -1 });
  }

  private point(index: number): void {
    this.hover = index;
    this.show();
  }
}

/** A token of the source is picked beside the one that is looked at. */
function sourceStrip(source: TokenRow, selection: Selection): TokenStrip {
  const pick = (index: number): void => selection.set({ source: source.positions[index]! });
  return new TokenStrip("The source, one of its tokens is picked", chipsOf(source), {
    hover: () => {},
    choose: pick,
    move: pick,
    release: () => {},
  });
}

function named(words: string): HTMLElement {
  return element("p", { class: "strip-name" }, words);
}

function chips({ inputs, produced, roles, masked, source }: ReportHeader): Chip[] {
  const parted = produced.some(Boolean);
  const begun = source ? "start" : "prompt"; // the target of an encoder-decoder has no prompt
  const made = inputs.map((label, i) => ({
    label,
    tint: null,
    note: "",
    produced: produced[i]!,
    role: !parted ? roles[i]! : produced[i] ? "output" : roles[i] || begun,
  }));
  const next = { label: UNSAID, tint: null, note: "", produced: false, role: "next", unsaid: true };
  return masked ? made : [...made, next];
}

/** The token that is looked at, as chips: what was read, what was said. */
export function tokenChips(header: ReportHeader, selection: Selection): HTMLElement[] {
  const { at, read, came } = placeOf(header, selection);
  const code = (label: string, style: string): HTMLElement =>
    element("code", { class: style, dir: "ltr" }, label);
  return [
    element("span", { class: "at" }, `position ${at}`),
    code(read, "chip-in"),
    ...(header.masked
      ? []
      : [element("span", { "aria-hidden": "true" }, "→"), code(came || UNSAID, "chip-out")]),
  ];
}
