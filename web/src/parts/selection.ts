import type { Address } from "./address";
import { Choices, isWhole, type Link } from "./choices";
import { layerName, layerNumber } from "./layers";

/** What is picked on a page, in the trace's own numbers; null where nothing was. */
export interface Picked {
  /** The position that is read; the token it said, the target, is the one at `at + 1`. */
  readonly at: number | null;
  /** A layer, INPUT_LAYER for the state that enters block 0. */
  readonly layer: number | null;
  readonly head: number | null;
  /** A position of the source, the other text that an encoder-decoder reads. */
  readonly source: number | null;
}

const MOST = 999_999_999;

/** The one selection that all views of a page read and write: "#at=4&layer=29&head=3". */
export class Selection {
  private readonly choices: Choices;

  /** `at`, `source`: the positions that are picked where the address says none. */
  constructor(address: Address | null, at: number | null = null, source: number | null = null) {
    this.choices = new Choices(
      {
        at: at === null ? "" : String(at),
        layer: "",
        head: "",
        source: source === null ? "" : String(source),
      },
      (name, value) => (name === "layer" && value === "in") || isWhole(value, 0, MOST),
      { address, scope: "", selection: null },
    );
  }

  get picked(): Picked {
    const layer = this.choices.get("layer");
    return {
      at: this.number("at"),
      layer: layer === "" ? null : layerNumber(layer),
      head: this.number("head"),
      source: this.number("source"),
    };
  }

  set({ at, layer, head, source }: Partial<Picked>): void {
    this.choices.set({
      ...(at === undefined ? {} : { at: at === null ? "" : String(at) }),
      ...(layer === undefined ? {} : { layer: layer === null ? "" : layerName(layer) }),
      ...(head === undefined ? {} : { head: head === null ? "" : String(head) }),
      ...(source === undefined ? {} : { source: source === null ? "" : String(source) }),
    });
  }

  /** Called after each change; returns the way to stop. */
  subscribe(listener: (picked: Picked) => void): () => void {
    return this.choices.subscribe(() => listener(this.picked));
  }

  dispose(): void {
    this.choices.dispose();
  }

  private number(name: "at" | "head" | "source"): number | null {
    return this.choices.get(name) === "" ? null : this.choices.number(name);
  }
}

/** Links a choice that is an index of `positions` to the position that is picked. */
export function positionLink(positions: readonly number[]): Link {
  return {
    read: ({ at }) => (at === null ? null : String(positions.indexOf(at))),
    write: (value) => ({ at: positions[Number(value)]! }),
  };
}

/** Links a choice that is an index of the source's `positions` to the source's own position. */
export function sourceLink(positions: readonly number[]): Link {
  return {
    read: ({ source }) => (source === null ? null : String(positions.indexOf(source))),
    write: (value) => ({ source: positions[Number(value)]! }),
  };
}

/**
 * Links a choice that is the token said, a target: the one after the position that is read, or in
 * a masked model the one that stands there.
 */
export function targetLink({ masked }: { readonly masked?: boolean }): Link {
  const shift = masked ? 0 : 1;
  return {
    read: ({ at }) => (at === null ? null : String(at + shift)),
    write: (value) => ({ at: Number(value) - shift }),
  };
}

/** Links a choice that is a layer's printed name. */
export const layerLink: Link = {
  read: ({ layer }) => (layer === null ? null : layerName(layer)),
  write: (value) => ({ layer: layerNumber(value) }),
};

/** Links a choice that is an index of `layers` to the layer that is picked. */
export function layerRowLink(layers: readonly number[]): Link {
  return {
    read: ({ layer }) => (layer === null ? null : String(layers.indexOf(layer))),
    write: (value) => ({ layer: layers[Number(value)]! }),
  };
}

/**
 * Links a choice that is an index of slots, rows of tokens of two runs beside each other, to the
 * position in the first of them; a slot that has none of its tokens picks nothing elsewhere.
 */
export function slotLink(at: readonly number[]): Link {
  // A slot of the second run alone stays chosen until another token is picked.
  let seen: number | null = null;
  return {
    read: ({ at: picked }, now) => {
      if (picked === seen) return now;
      seen = picked;
      return picked === null ? null : String(at.indexOf(picked));
    },
    write: (value) => {
      if (at[Number(value)]! < 0) return {};
      seen = at[Number(value)]!;
      return { at: seen };
    },
  };
}

/** Links a choice that is a head's code, such as "9.2"; a layer alone keeps the head's number. */
export function headLink(has: { readonly head: boolean } = { head: true }): Link {
  return {
    read: ({ layer, head }, now) =>
      layer === null ? null : `${layer}.${head ?? now.split(".")[1]!}`,
    write: (code) => {
      const [layer, head] = code.split(".").map(Number);
      return { layer: layer!, head: has.head ? head! : null };
    },
  };
}
