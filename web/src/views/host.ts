import type { Address } from "../parts/address";
import type { Theme } from "../parts/theme";
import type { Spec } from "../spec/spec";

/** What a page, a notebook or the app gives to a view. */
export interface Host {
  readonly theme: Theme;
  /** Where the state is kept between visits; null where there is no such place (a notebook). */
  readonly address: Address | null;
}

/** Draws a Spec into an element; returns the clean-up. Everything is drawn when it returns. */
export type View = (spec: Spec, root: HTMLElement, host: Host) => () => void;
