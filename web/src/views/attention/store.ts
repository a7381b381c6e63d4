import { arrayOf, later, SpecError, type Grid, type Spec } from "../../spec/spec";
import type { AttentionHeader } from "../../spec/headers";
import type { Ask } from "../host";
import type { HeadAt, Heads } from "./heads";
import { computedLevels } from "./queries";
import { countsOf } from "./tokens";
import { HeadWeights } from "./weights";

/** How many heads are kept: more than any picture shows at once. */
const KEPT = 64;

interface Levels {
  readonly levels: Uint8Array;
  readonly units: Grid["data"] | null;
}

/** The weights of the heads: in the page or its later parts, computed, or asked for; kept a while. */
export class HeadStore {
  private readonly place: Grid;
  private readonly kept = new Map<string, Levels>();
  private readonly made = new Map<string, HeadWeights>();
  private readonly asked = new Map<string, Promise<void>>();
  private readonly problems = new Map<string, string>();
  private readonly limit: number;

  constructor(
    private readonly spec: Spec<AttentionHeader>,
    private readonly heads: Heads,
    private readonly ask: Ask | null,
  ) {
    this.place = arrayOf(spec, "place");
    this.limit = Math.max(KEPT, 2 * spec.header.heads.length);
  }

  /** Whether the page holds a head itself, or what it is computed from. */
  embedded(at: HeadAt): boolean {
    return this.place.at(at.layer, at.head) >= 0 || !!this.spec.header.queries;
  }

  /** Whether a head can be had at all. */
  has(at: HeadAt): boolean {
    return this.embedded(at) || this.ask !== null;
  }

  /** Why a head can't be had, in words; "" where it can, or was not asked for. */
  problem(at: HeadAt): string {
    return this.problems.get(this.heads.code(at)) ?? "";
  }

  /** Heads that could not be had may be asked for again. */
  retry(): void {
    this.problems.clear();
  }

  /** Fetches those that can be had and are not here; null where there is nothing to wait for. */
  fetch(heads: readonly HeadAt[]): Promise<unknown> | null {
    const missing = heads.filter((at) => this.has(at) && !this.problem(at) && !this.here(at));
    return missing.length ? Promise.all(missing.map((at) => this.coming(at))) : null;
  }

  /** The weights of a head if they are here now, else null. */
  now(at: HeadAt, hideFirst: boolean): HeadWeights | null {
    const code = this.heads.code(at);
    const name = `${code} ${hideFirst}`;
    const known = this.made.get(name);
    if (known) return known;
    const found = this.kept.get(code) ?? this.whole(at);
    if (!found) return null;
    const { causal } = this.spec.header;
    const { levels, units } = found;
    const made = new HeadWeights(levels, countsOf(this.spec.header), causal, hideFirst, units);
    keep(this.made, name, made, this.limit);
    return made;
  }

  private here(at: HeadAt): boolean {
    return this.kept.has(this.heads.code(at)) || this.whole(at) !== null;
  }

  /** A head is asked for once, however often it is wanted until it comes. */
  private coming(at: HeadAt): Promise<void> {
    const code = this.heads.code(at);
    const asked = this.asked.get(code) ?? this.fetchOne(at).finally(() => this.asked.delete(code));
    this.asked.set(code, asked);
    return asked;
  }

  private async fetchOne(at: HeadAt): Promise<void> {
    const code = this.heads.code(at);
    try {
      const found = this.embedded(at) ? await this.unpacked(at) : await this.answer(at);
      keep(this.kept, code, found, this.limit);
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      this.problems.set(code, error.message);
    }
  }

  private async unpacked(at: HeadAt): Promise<Levels> {
    if (this.spec.header.queries) {
      return { levels: await computedLevels(this.spec, at), units: null };
    }
    const row = this.place.at(at.layer, at.head);
    const { data } = await later(this.spec, "weights", row);
    return { levels: data as Uint8Array, units: this.units(row) };
  }

  /** An answer holds the levels, then the bytes of what the rows were divided by, if they were. */
  private async answer(at: HeadAt): Promise<Levels> {
    const { layers, heads, causal } = this.spec.header;
    const question = { what: "head", layer: layers[at.layer]!, head: heads[at.head]! };
    const bytes = (await this.ask!(question)).data as Uint8Array;
    const { query: count, key } = countsOf(this.spec.header);
    const size = causal ? (count * (count + 1)) / 2 : count * key;
    const units = bytes.length > size ? new Float32Array(bytes.slice(size).buffer) : null;
    return { levels: bytes.subarray(0, size), units };
  }

  /** From an array that is here as a whole. */
  private whole(at: HeadAt): Levels | null {
    const row = this.place.at(at.layer, at.head);
    const grid = this.spec.arrays["weights"];
    if (row < 0 || !grid) return null;
    const size = grid.shape[1]!;
    const levels = grid.data.subarray(row * size, (row + 1) * size) as Uint8Array;
    return { levels, units: this.units(row) };
  }

  /** What each row of a head was divided by, where weights are in a unit. */
  private units(row: number): Grid["data"] | null {
    const totals = this.spec.arrays["row_total"];
    if (!totals) return null;
    const size = totals.shape[1]!;
    return totals.data.subarray(row * size, (row + 1) * size);
  }
}

/** Puts an entry last, and drops the first where there are too many. */
function keep<T>(map: Map<string, T>, name: string, value: T, limit: number): void {
  map.delete(name);
  map.set(name, value);
  if (map.size > limit) map.delete(map.keys().next().value!);
}
