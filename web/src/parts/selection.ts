import type { Address } from "./address";
import { Choices, isWhole, type Link } from "./choices";
import { INPUT_LAYER, layerName } from "./layers";

/** What is picked on a page, in the trace's own numbers; null where nothing was. */
export interface Picked {
  /** The position that is read; the token it said, the target, is the one at `at + 1`. */
  readonly at: number | null;
  /** A layer, INPUT_LAYER for the state that enters block 0. */
  readonly layer: number | null;
  readonly head: number | null;
}

const MOST = 999_999_999;
const NOTHING = { at: "", layer: "", head: "" } as const;

/** The one selection that all views of a page read and write: "#at=4&layer=29&head=3". */
export class Selection {
  private readonly choices: Choices;

  constructor(address: Address | null) {
    this.choices = new Choices(
      NOTHING,
      (name, value) => (name === "layer" && value === "in") || isWhole(value, 0, MOST),
      { address, scope: "", selection: null },
    );
  }

  get picked(): Picked {
    const layer = this.choices.get("layer");
    return {
      at: this.number("at"),
      layer: layer === "in" ? INPUT_LAYER : this.number("layer"),
      head: this.number("head"),
    };
  }

  set({ at, layer, head }: Partial<Picked>): void {
    this.choices.set({
      ...(at === undefined ? {} : { at: at === null ? "" : String(at) }),
      ...(layer === undefined ? {} : { layer: layer === null ? "" : layerName(layer) }),
      ...(head === undefined ? {} : { head: head === null ? "" : String(head) }),
    });
  }

  /** Called after each change; returns the way to stop. */
  subscribe(listener: (picked: Picked) => void): () => void {
    return this.choices.subscribe(() => listener(this.picked));
  }

  dispose(): void {
    this.choices.dispose();
  }

  private number(name: "at" | "layer" | "head"): number | null {
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

/** Links a choice that is the token said, a target: the one after the position that is read. */
export const targetLink: Link = {
  read: ({ at }) => (at === null ? null : String(at + 1)),
  write: (value) => ({ at: Number(value) - 1 }),
};

/** Links a choice that is a layer's printed name. */
export const layerLink: Link = {
  read: ({ layer }) => (layer === null ? null : layerName(layer)),
  write: (value) => ({ layer: value === "in" ? INPUT_LAYER : Number(value) }),
};

/** Links a choice that is an index of `layers` to the layer that is picked. */
export function layerRowLink(layers: readonly number[]): Link {
  return {
    read: ({ layer }) => (layer === null ? null : String(layers.indexOf(layer))),
    write: (value) => ({ layer: layers[Number(value)]! }),
  };
}
