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

/** What a page, a notebook or the app gives to a view. In a notebook there is no address. */
export interface Host extends Kept {
  readonly theme: Theme;
  /** Whether the view is the whole page: then it has the masthead, and is the main part. */
  readonly alone: boolean;
  /** Null where nobody answers (a saved page). */
  readonly ask: Ask | null;
}

/**
 * Draws a Spec into an element; returns the clean-up. What is there at once is drawn when it
 * returns; rows of large arrays (`later` of spec.ts) come when they are looked at.
 */
export type View = (spec: Spec, root: HTMLElement, host: Host) => () => void;
