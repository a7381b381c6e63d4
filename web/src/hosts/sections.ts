import { unpacked } from "../spec/packet";
import type { Ask, Question, Section } from "../views/host";
import { chunksOf, partOf } from "./chunks";

/** The sections of a saved page: a packet each, in an inert element of its own. */
export function savedSections(document: Document): Section {
  const chunk = chunksOf(document);
  return async (name) => {
    const packet = await partOf(document, `section-${name}`, `the section "${name}"`);
    return unpacked(packet, (array, index) => chunk(`${name}.${array}`, index));
  };
}

/** The most bytes of a section in one answer: notebooks cut what is longer. Twin: app/reporting.py */
const PART = 4_000_000;

/** The sections of a report that lives: Python makes each when it is asked for. */
export function askedSections(ask: Ask): Section {
  const bytes = async (question: Question): Promise<Uint8Array> =>
    (await ask(question)).data as Uint8Array;
  return async (section) => {
    const parts: Uint8Array[] = [];
    do parts.push(await bytes({ what: "section", section, part: parts.length }));
    while (parts.at(-1)!.length === PART);
    return unpacked(joined(parts), (array, index) =>
      bytes({ what: "chunk", section, array, index }),
    );
  };
}

/** Parts of bytes as one. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((start, part) => (whole.set(part, start), start + part.length), 0);
  return whole;
}
