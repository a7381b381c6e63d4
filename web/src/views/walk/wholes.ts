import { element } from "../../parts/dom";
import type { Scheme } from "../../parts/theme";
import type { Spec } from "../../spec/spec";
import type { WalkHeader, WalkStep } from "../../spec/walk";
import { Matrix, type Whole } from "./matrices";

/** Every token's row, and the mask: what this position's row is one line of. */
export class WholeMatrices {
  private readonly matrices: Matrix[] = [];
  private head = 0;

  constructor(private readonly spec: Spec<WalkHeader>) {}

  /** The matrices of a step that holds weights, or what is said in their place. */
  parts(step: WalkStep, scheme: Scheme): HTMLElement[] {
    this.clear();
    const isOwn = step.name === "weights";
    const kinds: readonly Whole[] = isOwn ? ["masked", "all_weights"] : ["all_cross_weights"];
    const free = isOwn && this.hidesNothing();
    const there = kinds.filter((kind) => this.spec.arrays[kind] && !(free && kind === "masked"));
    if (!there.length) return [this.leftOut()];
    for (const kind of there) {
      this.matrices.push(new Matrix(this.spec, kind, this.head, (head) => (this.head = head)));
    }
    for (const matrix of this.matrices) matrix.draw(scheme);
    const boxes = this.matrices.map((matrix) => matrix.element);
    const whole = element("div", { class: "walk-matrices" }, ...boxes);
    if (!free) return [whole];
    return [
      element("p", { class: "hint" }, "No mask: every token may look at every other."),
      whole,
    ];
  }

  /** Scrolls to this position's row, once the matrices are on the page. */
  reveal(): void {
    for (const matrix of this.matrices) matrix.reveal();
  }

  clear(): void {
    for (const matrix of this.matrices) matrix.dispose();
    this.matrices.length = 0;
  }

  private hidesNothing(): boolean {
    const mask = this.spec.arrays["masked"];
    return mask !== undefined && !(mask.data as Uint8Array).some(Boolean);
  }

  private leftOut(): HTMLElement {
    const { positions, source } = this.spec.header;
    const most = Math.max(positions.length, source?.positions.length ?? 0);
    const words = `The whole matrices are left out: this text has ${most} tokens.`;
    return element("p", { class: "hint" }, words);
  }
}
