import type { SaliencyHeader } from "../../spec/headers";
import { arrayOf, type Grid, type Spec } from "../../spec/spec";

/** Whether tokens stand alone or sub-word pieces are merged, their shares summed. */
export type Unit = "tokens" | "words";

/** A chip of the strip: the positions it stands for; the end of the text has the position T. */
export interface Piece {
  readonly label: string;
  readonly positions: readonly number[];
  readonly produced: boolean;
  readonly role: string;
}

/** One number of each chip for what a target read: its share, its signed score. */
export interface Told {
  readonly share: number;
  readonly score: number;
}

/** The numbers of a saliency by chip, token by token or merged into words. */
export class Shares {
  readonly header: SaliencyHeader;
  readonly share: Grid;
  private readonly score: Grid;
  private readonly value: Grid;
  private readonly gap: Grid;
  /** Position -> row of the arrays. */
  private readonly rows: ReadonlyMap<number, number>;

  constructor(spec: Spec<SaliencyHeader>) {
    this.header = spec.header;
    this.share = arrayOf(spec, "share");
    this.score = arrayOf(spec, "score");
    this.value = arrayOf(spec, "value");
    this.gap = arrayOf(spec, "gap");
    this.rows = new Map(spec.header.targets.map((target, row) => [target, row]));
  }

  /** The chips in reading order; the token not yet said comes last where it is explained. */
  pieces(unit: Unit): Piece[] {
    const { inputs, words, produced, roles, targets, explained } = this.header;
    const found: Piece[] = [];
    let open = -1;
    inputs.forEach((label, i) => {
      const last = found.at(-1);
      if (unit === "words" && last && words[i] === open) {
        found[found.length - 1] = {
          ...last,
          label: last.label + label,
          positions: [...last.positions, i],
        };
      } else {
        found.push({ label, positions: [i], produced: produced[i]!, role: roles[i]! });
      }
      open = words[i]!;
    });
    if (targets.at(-1) === inputs.length) {
      const next = { label: explained.at(-1)!, positions: [inputs.length] };
      found.push({ ...next, produced: true, role: roles.at(-1) ?? "" });
    }
    return found;
  }

  /** What is explained of a chip: its own label, or what fills it where it is a mask. */
  said(piece: Piece): string {
    const rows = this.header.masked ? this.rowsOf(piece) : [];
    return rows.map((row) => this.header.explained[row]!).join("") || piece.label;
  }

  /** The targets that a chip stands for, as rows of the arrays. */
  rowsOf(piece: Piece): number[] {
    return piece.positions.flatMap((position) => this.rows.get(position) ?? []);
  }

  /**
   * What a chip read: a number for every chip, null where it could not read it. Sources are
   * summed over the pieces of a word; of a word's own pieces the mean is taken, so that shares
   * still sum to 1.
   */
  told(pieces: readonly Piece[], chosen: Piece): (Told | null)[] {
    const rows = this.rowsOf(chosen);
    return pieces.map((piece) => {
      let [share, score, known] = [0, 0, 0];
      for (const row of rows) {
        for (const source of piece.positions) {
          if (!this.header.masked && source >= this.header.targets[row]!) continue;
          share += this.share.at(row, source) / rows.length;
          score += this.score.at(row, source) / rows.length;
          known++;
        }
      }
      return known ? { share, score } : null;
    });
  }

  /** The quantity explained, one for each of a chip's targets. */
  values(piece: Piece): number[] {
    return this.rowsOf(piece).map((row) => this.value.at(row));
  }

  /** The worst completeness gap of a chip; NaN where the method has none. */
  gapOf(piece: Piece): number {
    const gaps = this.rowsOf(piece).map((row) => this.gap.at(row));
    return gaps.some(Number.isNaN) ? NaN : Math.max(...gaps);
  }
}
