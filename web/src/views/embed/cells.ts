import { quantity } from "../../parts/format";
import type { Edge, GridModel } from "../../parts/heatmodel";
import { paintOf, type Paint } from "../../parts/ramp";
import type { Scheme } from "../../parts/theme";
import type { Grid } from "../../spec/spec";

/** Letters of a text beside its row, and the room that they have. */
const LETTERS = 34;
const ROOM = 250;
/** Pixels of a letter of it, and of the number before it. */
const [LETTER, NUMBER] = [6.4, 44];
/** More texts than these are seen as a whole: cells without numbers. */
const FEW = 24;
/** Pixels: all rows together, and one of them. */
const TALL = 640;
const ROW = { least: 3, most: 20, named: 13 } as const;

/** Whether there are so many texts that their cells have no room for numbers. */
export function isOverview(texts: readonly string[]): boolean {
  return texts.length > FEW;
}

/** A cell for every two texts: clay above 0, teal below. */
export function embedModel(texts: readonly string[], similarity: Grid, scheme: Scheme): GridModel {
  const high = Math.floor(TALL / texts.length);
  const rowHeight = isOverview(texts) ? clamp(high, ROW.least, ROW.most) : ROW.most;
  const every = Math.ceil(ROW.named / rowHeight);
  return {
    rows: texts.length,
    cols: texts.length,
    rowHeight,
    label: `Cosines of ${texts.length} texts. Arrow keys move.`,
    paint: (row, col): Paint | null => {
      const value = similarity.at(row, col);
      return paintOf(value < 0 ? "teal" : "clay", scheme, Math.abs(value));
    },
    text: (row, col) => quantity(similarity.at(row, col)),
    uncut: true,
    ringed: () => false,
    rowLabel: (row) => (row % every !== every >> 1 ? "" : `${row}  ${short(texts[row]!)}`),
    labelRoom: roomFor(texts),
    above: edgeOf(texts),
    below: edgeOf(texts),
  };
}

/** The numbers of the texts; of many the chosen one by its words, and a number here and there. */
function edgeOf(texts: readonly string[]): Edge {
  const many = isOverview(texts);
  return {
    name: "text",
    tone: "ink",
    label: (col) => (many ? short(texts[col]!) : String(col)),
    small: many ? String : null,
    underlined: () => false,
  };
}

/** Pixels for the longest label beside a row, as far as there is room. */
function roomFor(texts: readonly string[]): number {
  const longest = Math.max(...texts.map((text) => Array.from(short(text)).length));
  return Math.min(ROOM, NUMBER + LETTER * longest);
}

function short(text: string): string {
  const letters = Array.from(text);
  return letters.length > LETTERS ? `${letters.slice(0, LETTERS - 1).join("")}…` : text;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
