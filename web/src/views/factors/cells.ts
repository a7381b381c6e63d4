import type { FactorsHeader } from "../../spec/headers";
import type { Grid } from "../../spec/spec";

/** Factors by tokens: the activation each token is coloured by. */
export class FactorCells {
  readonly count: number;
  readonly tokens: number;
  private readonly tops: readonly number[];

  constructor(
    private readonly header: FactorsHeader,
    private readonly activation: Grid,
  ) {
    this.count = header.share.length;
    this.tokens = header.positions.length;
    this.tops = Array.from({ length: this.count }, (_, factor) =>
      Math.max(0, ...this.row(factor).filter((value) => !Number.isNaN(value))),
    );
  }

  /** A factor's activation along the positions; NaN where one was left out. */
  row(factor: number): number[] {
    return Array.from({ length: this.tokens }, (_, i) => this.activation.at(factor, i));
  }

  top(factor: number): number {
    return this.tops[factor]!;
  }

  /** The activation that colours a token: its own, or for an output the one that produced it. */
  valueAt(factor: number, token: number): number {
    const at = this.header.produced[token] ? token - 1 : token;
    return at < 0 ? NaN : this.activation.at(factor, at);
  }

  /** The same as a share of the factor's largest, 0 where it is undefined. */
  shareAt(factor: number, token: number): number {
    const value = this.valueAt(factor, token);
    return Number.isNaN(value) || this.top(factor) <= 0 ? 0 : value / this.top(factor);
  }

  /** The factor with the largest share at a token, -1 where none is active. */
  strongest(token: number): number {
    let best = -1;
    let most = 0;
    for (let factor = 0; factor < this.count; factor++) {
      const share = this.shareAt(factor, token);
      if (share > most) [best, most] = [factor, share];
    }
    return best;
  }

  /** The active factors of a token with their activations, by their shares. */
  factorsOf(token: number): [factor: number, value: number][] {
    return Array.from({ length: this.count }, (_, factor) => factor)
      .filter((factor) => this.shareAt(factor, token) > 0)
      .sort((a, b) => this.shareAt(b, token) - this.shareAt(a, token))
      .map((factor) => [factor, this.valueAt(factor, token)]);
  }

  /** What was left out, in words; "" where nothing was. */
  gaps(): string {
    const { exclude } = this.header;
    return exclude.length ? `Left out: position ${exclude.join(", ")}.` : "";
  }
}
