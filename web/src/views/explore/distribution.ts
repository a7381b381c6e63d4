/** The candidates of one text, best first, and what their probabilities need. */
export interface Candidates {
  readonly ids: readonly number[];
  readonly labels: readonly string[];
  readonly logits: readonly number[];
  /** Per temperature: log of the sum over the vocabulary of exp((logit - first logit) / t). */
  readonly totals: readonly number[];
  /** How many tokens there are. */
  readonly vocab: number;
}

/** How a token is drawn; null for no filter. `stop` is the number of the temperature. */
export interface Filters {
  readonly stop: number;
  readonly temperature: number;
  readonly topK: number | null;
  readonly topP: number | null;
}

/** What is left after the filters; `left` is null where nothing is taken out. */
export interface Filtered {
  readonly shares: readonly number[];
  readonly left: number | null;
  /** Why it can't be said exactly, in words; "" where it can. */
  readonly problem: string;
}

/** Exact probabilities of the candidates at a temperature. */
export function probabilities(
  { logits, totals }: Candidates,
  stop: number,
  temperature: number,
): number[] {
  return logits.map((logit) => Math.exp((logit - logits[0]!) / temperature - totals[stop]!));
}

/** The probabilities that a token is drawn with: top-k, then top-p. Twin of trace/candidates.py. */
export function filtered(of: Candidates, { stop, temperature, topK, topP }: Filters): Filtered {
  const known = of.logits.length;
  let plain = probabilities(of, stop, temperature);
  let left: number | null = null;
  if (topK !== null && topK < of.vocab) {
    // Equal logits stay together, as in transformers.
    const count =
      topK > known ? known + 1 : of.logits.filter((z) => z >= of.logits[topK - 1]!).length;
    if (count > known || (count === known && known < of.vocab)) return beyond(known);
    left = count;
    plain = rescaled(plain, left);
  }
  if (topP !== null && topP < 1) {
    let before = 0;
    let count = 0;
    while (count < plain.length && before < topP) before += plain[count++]!;
    const whole = count === plain.length && before < Math.min(topP, 1 - 1e-6);
    if (whole && count < of.vocab) return beyond(known);
    left = count;
    plain = rescaled(plain, left);
  }
  return { shares: of.logits.map((_, i) => plain[i] ?? 0), left, problem: "" };
}

function rescaled(shares: readonly number[], count: number): number[] {
  const kept = shares.slice(0, count);
  const sum = kept.reduce((total, share) => total + share, 0);
  return kept.map((share) => share / sum);
}

function beyond(known: number): Filtered {
  const problem = `More than ${known} tokens are left: this picture knows the likeliest ${known}.`;
  return { shares: [], left: null, problem };
}
