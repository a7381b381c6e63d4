import type { Kept } from "../parts/choices";
import type { Theme } from "../parts/theme";
import type { Grid, Spec } from "../spec/spec";

/** What a view asks of Python: `what` names it, the rest are its arguments. */
export interface Question {
  readonly what: string;
  readonly [argument: string]: string | number | boolean | null;
}

/** The array that answers; what can't be answered is thrown as a SpecError, in words. */
export type Ask = (question: Question) => Promise<Grid>;

/** The picture of a report's section, by the section's name. */
export type Section = (name: string) => Promise<Spec>;

/** Where a picture stands inside another: its names in the address, whom its questions reach. */
export interface Part {
  readonly scope: string;
  readonly section: string;
}

/** Draws a picture inside another, with the same selection; returns the clean-up. */
export type Show = (spec: Spec, root: HTMLElement, part: Part) => () => void;

/** What a page, a notebook or the app gives to a view. In a notebook there is no address. */
export interface Host extends Kept {
  readonly theme: Theme;
  /** Whether the view is the whole page: then it has the masthead, and is the main part. */
  readonly alone: boolean;
  /** Whether it stands inside a report, which says once for all how the page was made. */
  readonly nested: boolean;
  /** Null where nobody answers (a saved page). */
  readonly ask: Ask | null;
  /** Null in a picture without sections. */
  readonly section: Section | null;
  /** Null inside a section. */
  readonly show: Show | null;
}

/**
 * Draws a Spec into an element; returns the clean-up. What is there at once is drawn when it
 * returns; rows of large arrays (`later` of spec.ts) come when they are looked at.
 */
export type View = (spec: Spec, root: HTMLElement, host: Host) => () => void;
