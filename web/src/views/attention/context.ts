import type { Choices } from "../../parts/choices";
import type { GridModel } from "../../parts/heatmodel";
import type { Scheme } from "../../parts/theme";
import type { AttentionHeader } from "../../spec/headers";
import type { Host } from "../host";
import { blockOf, type Block } from "./blocks";
import type { Focus } from "./focus";
import type { HeadAt, Heads } from "./heads";
import { headModel } from "./matrix";
import type { HeadStore } from "./store";
import type { Strand } from "./strands";
import { countsOf, unitOf } from "./tokens";
import { told, type HeadWeights } from "./weights";

/** More tokens than this are not in view at once. */
const LISTED = 28;

/** What the views of an attention page have in common. */
export class Context {
  constructor(
    readonly heads: Heads,
    readonly store: HeadStore,
    readonly choices: Choices,
    readonly focus: Focus,
    private readonly host: Host,
  ) {}

  get header(): AttentionHeader {
    return this.heads.header;
  }

  get scheme(): Scheme {
    return this.host.theme.scheme;
  }

  get head(): HeadAt {
    return this.heads.find(this.choices.get("head"))!;
  }

  /** The head that is pinned to compare with; null where there is none, or it is the chosen one. */
  get versus(): HeadAt | null {
    const code = this.choices.get("versus");
    return code === "" || code === this.choices.get("head") ? null : this.heads.find(code);
  }

  get hidesFirst(): boolean {
    return this.choices.get("first") === "hidden";
  }

  get block(): Block {
    return blockOf(this.choices.get("part"), this.header);
  }

  /** The weights of a head as they are shown, if they are here. */
  weights(at: HeadAt): HeadWeights | null {
    return this.store.now(at, this.hidesFirst);
  }

  /** The lines of a head, and how much of its mass they are. */
  strand(
    name: string,
    weights: HeadWeights,
    ink: Pick<Strand, "colour" | "dash">,
  ): { readonly strand: Strand; readonly mass: number } {
    const share = this.choices.number("mass") / 100;
    const { least, drawn } = weights.cut(share, this.block);
    return { strand: { name, weights, least, ...ink }, mass: drawn };
  }

  /** A head as a matrix. */
  matrix(weights: HeadWeights): GridModel {
    const full = this.heads.full(this.hidesFirst);
    return headModel(this.header, weights, this.block, this.scheme, full);
  }

  /** How its cells and the thumbnails are shaded. */
  get shading(): string {
    return this.heads.shading(this.hidesFirst);
  }

  /** How the lines are to be read. */
  linesWords(mass: number): string {
    const unit = unitOf(this.header, "query");
    const part =
      this.choices.get("part") === "all" ? "" : " between these parts, the weights as they are";
    return (
      `${told(mass)} of mass drawn${part}, the largest weights of each ${unit}. A line's width grows ` +
      "with the weight, its opacity with the square root. " +
      (this.header.keys
        ? "Left the target looks, right the source is looked at."
        : "Left looks, right is looked at.") +
      (Math.max(...Object.values(countsOf(this.header))) > LISTED
        ? ` Drawn are the lines of the ${unit}s in view.`
        : "")
    );
  }

  /** Why a head is not shown, and how to see it. */
  absence(heads: readonly HeadAt[]): (Node | string)[] {
    const { layers, heads: numbers } = this.header;
    const problem = heads.map((at) => this.store.problem(at)).find((words) => words !== "");
    if (problem) return [problem];
    const code = document.createElement("code");
    const kind = this.header.stream === "self" ? "" : `, kind="${this.header.stream}"`;
    const rows = [...new Set(heads.map(({ layer }) => layers[layer]!))];
    const own = [...new Set(heads.map(({ head }) => numbers[head]!))];
    code.textContent = `ct.attention(trace, layers=[${rows.join(", ")}], heads=[${own.join(", ")}]${kind})`;
    const which = heads.length > 1 ? "these heads" : "this head";
    return [`This page holds no weights of ${which}. `, code, ` has them.`];
  }
}
