import { Choices, isWhole, type Kept, type Values } from "../../parts/choices";
import { INPUT_LAYER, layerName } from "../../parts/layers";
import { layerLink } from "../../parts/selection";
import type { LensHeader } from "../../spec/headers";
import type { Cell, State } from "./cell";

/** The parts of the state that are yes or no: [choice, yes, no]. */
const FLAGS = {
  inside: ["inside", "yes", "no"],
  pinned: ["pinned", "yes", "no"],
  finalOnTop: ["final", "top", "bottom"],
  inputRow: ["input", "shown", "hidden"],
  overview: ["cells", "fit", "words"],
} as const;

type Flag = keyof typeof FLAGS;
type Listener = (now: State, before: State) => void;

const NAMES = Object.keys(FLAGS) as Flag[];

/** The choices of a lens, read as its state; the cell under the pointer is kept here only. */
export class LensState {
  private readonly choices: Choices;
  private readonly listeners = new Set<Listener>();
  private now: State;

  constructor(
    private readonly header: LensHeader,
    kept: Kept,
  ) {
    const start = startOf(header);
    const allowed = (name: string, value: string): boolean => permits(header, name, value);
    const links = {
      at: {
        read: ({ at }: { at: number | null }) => (at === null ? null : String(at)),
        write: (value: string) => ({ at: Number(value) }),
      },
      layer: layerLink,
    };
    this.choices = new Choices(start, allowed, kept, links);
    this.now = this.read(null);
    this.choices.subscribe(() => this.tell(this.read(this.now.hover)));
  }

  get state(): State {
    return this.now;
  }

  set({ hover, ...change }: Partial<State>): void {
    if (hover !== undefined && hover !== this.now.hover) this.tell({ ...this.now, hover });
    this.choices.set(valuesOf(change));
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  dispose(): void {
    this.choices.dispose();
    this.listeners.clear();
  }

  private tell(state: State): void {
    const before = this.now;
    this.now = state;
    for (const listener of this.listeners) listener(state, before);
  }

  /** The state that the choices say; a choice in a hidden row is the final layer's. */
  private read(hover: Cell | null): State {
    const value = (name: string): string => this.choices.get(name);
    const flags = Object.fromEntries(
      NAMES.map((name) => [name, value(FLAGS[name][0]) === FLAGS[name][1]]),
    ) as Record<Flag, boolean>;
    const said = value("layer") === "in" ? INPUT_LAYER : this.choices.number("layer");
    const layer = said === INPUT_LAYER && !flags.inputRow ? this.header.layers.at(-1)! : said;
    return {
      ...flags,
      at: this.choices.number("at"),
      layer,
      inside: flags.inside && layer !== INPUT_LAYER,
      mode: value("mode"),
      panel: value("show") as State["panel"],
      hover,
    };
  }
}

/** The last position after the final layer: where the model says what comes. */
function startOf(header: LensHeader): Values {
  return {
    at: String(header.stays?.position ?? header.positions.at(-1)!),
    layer: layerName(header.layers.at(-1)!),
    inside: "no",
    pinned: "no",
    mode: header.opens_with,
    // Ecco's rank grid of the tokens that came is read from the first block down.
    final: header.rank_of.name === "next" ? "bottom" : "top",
    input: "shown",
    cells: "words",
    show: "",
  };
}

/** Whether this picture can show a choice: an old link may name what is not here. */
function permits(header: LensHeader, name: string, value: string): boolean {
  if (name === "at") return isWhole(value, 0, Infinity) && header.positions.includes(Number(value));
  if (name === "layer") return header.layers.some((layer) => layerName(layer) === value);
  if (name === "inside") return value === "no" || (value === "yes" && header.inside);
  if (name === "mode") return header.quantities.some((quantity) => quantity.name === value);
  if (name === "show") return ["", "candidates", "table"].includes(value);
  return Object.values(FLAGS).some(([own, yes, no]) => {
    return own === name && (value === yes || value === no);
  });
}

function valuesOf(change: Partial<State>): Values {
  const flags = NAMES.filter((name) => change[name] !== undefined).map((name) => {
    const [choice, yes, no] = FLAGS[name];
    return [choice, change[name] ? yes : no];
  });
  const { at, layer, mode, panel } = change;
  return {
    ...(Object.fromEntries(flags) as Values),
    ...(at === undefined ? {} : { at: String(at) }),
    ...(layer === undefined ? {} : { layer: layerName(layer) }),
    ...(mode === undefined ? {} : { mode }),
    ...(panel === undefined ? {} : { show: panel }),
  };
}
