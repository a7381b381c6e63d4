import type { Header } from "./spec";

/** Kind "anatomy": the parts of a model, equal blocks folded into one row. */
export interface AnatomyHeader extends Header {
  readonly parts: readonly AnatomyPart[];
  /** In the order of the forward pass; the parts of a block share a row. */
  readonly stack: readonly {
    readonly block: number | null;
    /** Rows of `parts`. */
    readonly cells: readonly number[];
  }[];
  readonly tally: readonly AnatomyKind[];
  readonly capabilities: readonly {
    readonly name: string;
    readonly proven: boolean;
    readonly why: string;
  }[];
  readonly total: number;
}

export interface AnatomyPart {
  readonly kind: string;
  /** The kind in words; of other parts also what they are. */
  readonly label: string;
  /** Such as "0–29"; "" outside the blocks. */
  readonly blocks: string;
  /** The module, with a * for the block's number. */
  readonly path: string;
  /** Name and shape of each parameter, and how many numbers it has. */
  readonly shapes: readonly string[];
  readonly sizes: readonly number[];
  /** What of it lies in experts: how many there are, the names and numbers of their parameters. */
  readonly experts: {
    readonly count: number;
    readonly parameters: number;
    readonly names: readonly string[];
  } | null;
  /** The earlier parameters that its own are one with. */
  readonly tied: readonly string[];
  /** The parts that count them, in words. */
  readonly twins: readonly string[];
  readonly each: number;
  readonly count: number;
}

/** What one kind of part counts, inside the blocks or outside them. */
export interface AnatomyKind {
  readonly kind: string;
  readonly label: string;
  readonly inside: boolean;
  /** How many blocks have it. */
  readonly blocks: number;
  /** The least and the most that one of them counts; null outside. */
  readonly each: readonly [number, number] | null;
  readonly count: number;
  /** What of it lies in experts. */
  readonly experts: number;
}
