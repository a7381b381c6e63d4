import { element } from "../../parts/dom";
import type { Edge } from "../../parts/heatmodel";
import type { Chip } from "../../parts/strip";
import type { SlotRow } from "../../spec/compare";

/** Stands where a run has no token. */
export const ABSENT = "∅";

/** What is printed for a slot: its token, or both, the first above. */
export function slotChips(row: SlotRow): Chip[] {
  return row.same.map((same, slot) => {
    const [first, second] = [row.inputs[0][slot]!, row.inputs[1][slot]!];
    return {
      label: row.at[0][slot]! < 0 ? ABSENT : first,
      tint: null,
      note: same ? "" : row.at[1][slot]! < 0 ? ABSENT : second,
      produced: row.produced[0][slot]! || row.produced[1][slot]!,
      role: "",
    };
  });
}

/** A slot in one line: "·She / ·He", or the token that both have; `between` the two where given. */
export function slotName(row: SlotRow, slot: number, between = " / "): string {
  const [first, second] = [row.inputs[0][slot]!, row.inputs[1][slot]!];
  if (row.same[slot]) return first;
  const told = (side: 0 | 1, label: string): string => (row.at[side][slot]! < 0 ? ABSENT : label);
  return told(0, first) + between + told(1, second);
}

/** Where a slot lies in both texts: "position 8", or "positions 8 / 9". */
export function slotPlace(row: SlotRow, slot: number): string {
  const [first, second] = [row.at[0][slot]!, row.at[1][slot]!];
  const told = (at: number): string => (at < 0 ? "–" : String(at));
  const side = slotSide(row, slot);
  const of = side && ` of the ${side}`;
  const same = first === second;
  return same ? `position ${first}${of}` : `positions ${told(first)} / ${told(second)}${of}`;
}

/** Which of an encoder-decoder's two texts a slot is of; "" where there is one. */
function slotSide({ read }: SlotRow, slot: number): "source" | "target" | "" {
  if (read === undefined) return "";
  return slot < read ? "source" : "target";
}

/** Its number; of two texts in each by itself, behind the letter of the text. */
export function slotNumber(row: SlotRow, slot: number): string {
  const side = slotSide(row, slot);
  return `${side.slice(0, 1)}${side === "target" ? slot - row.read! : slot}`;
}

/** The slots as the upper edge of a grid: tokens with their numbers, underlined where they differ. */
export function slotEdge(row: SlotRow, name: string): Edge {
  return {
    name,
    tone: "ink",
    label: (col) => slotName(row, col, "/"), // a column is narrow
    small: (col) => slotNumber(row, col),
    underlined: (col) => !row.same[col]!,
  };
}

/** The same at the other end: labels alone. */
export function bareSlotEdge(row: SlotRow): Edge {
  return { ...slotEdge(row, ""), small: null };
}

/** Whether both runs have a token there. */
export function paired(row: SlotRow, slot: number): boolean {
  return row.at[0][slot]! >= 0 && row.at[1][slot]! >= 0;
}

/** A slot's token or tokens as chips: the first run's, then the second's. */
export function slotCode(row: SlotRow, slot: number): HTMLElement {
  const [first, second] = [row.inputs[0][slot]!, row.inputs[1][slot]!];
  const chip = (side: 0 | 1, label: string): HTMLElement =>
    element("code", { class: side ? "chip-out" : "chip-in", dir: "ltr" }, label || ABSENT);
  if (row.same[slot]) return element("code", { dir: "ltr" }, first);
  return element("span", { class: "slot" }, chip(0, first), " / ", chip(1, second));
}
