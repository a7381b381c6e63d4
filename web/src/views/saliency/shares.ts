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
  /** Whether it is of the source that an encoder-decoder read. */
  readonly read: boolean;
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
  readonly score: Grid;
  /** The part of the source; null where there is none. */
  private readonly read: { readonly share: Grid; readonly score: Grid } | null;
  private readonly value: Grid;
  private readonly gap: Grid;
  private readonly moved: Grid;
  /** Position -> row of the arrays. */
  private readonly rows: ReadonlyMap<number, number>;

  constructor(spec: Spec<SaliencyHeader>) {
    this.header = spec.header;
    this.share = arrayOf(spec, "share");
    this.score = arrayOf(spec, "score");
    this.read = spec.header.source && {
      share: arrayOf(spec, "source_share"),
      score: arrayOf(spec, "source_score"),
    };
    this.value = arrayOf(spec, "value");
    this.gap = arrayOf(spec, "gap");
    this.moved = arrayOf(spec, "moved");
    this.rows = new Map(spec.header.targets.map((target, row) => [target, row]));
  }

  /** The chips in reading order; what is explained and stands in no place of it comes last. */
  pieces(unit: Unit): Piece[] {
    const { inputs, roles, targets, explained, masked } = this.header;
    const found = piecesOf(this.header, unit, false);
    if (targets.at(-1) === inputs.length) {
      const next = { label: explained.at(-1)!, positions: [inputs.length], read: false };
      const role = masked ? "answer" : (roles.at(-1) ?? "");
      found.push({ ...next, produced: !masked, role });
    }
    return found;
  }

  /** The chips of the text that an encoder-decoder read; none elsewhere. */
  sources(unit: Unit): Piece[] {
    const { source } = this.header;
    return source ? piecesOf(source, unit, true) : [];
  }

  /** How many tokens of a source stand before those of the text itself, where both are in a row. */
  get before(): number {
    return this.header.source?.inputs.length ?? 0;
  }

  /** A share by its column: the source's tokens, then those of the text itself. */
  shareAt(row: number, col: number): number {
    const own = col - this.before;
    return own < 0 ? this.read!.share.at(row, col) : this.share.at(row, own);
  }

  get columns(): number {
    return this.before + this.header.inputs.length;
  }

  /** All shares, those of a source too. */
  get values(): readonly Grid[] {
    return this.read ? [this.read.share, this.share] : [this.share];
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
        const from = piece.read ? this.read! : this;
        for (const source of piece.positions) {
          const later = !piece.read && source >= this.header.targets[row]!;
          if (!this.header.masked && later) continue;
          share += from.share.at(row, source) / rows.length;
          score += from.score.at(row, source) / rows.length;
          known++;
        }
      }
      return known ? { share, score } : null;
    });
  }

  /** The quantity explained, one for each of a chip's targets. */
  explained(piece: Piece): number[] {
    return this.rowsOf(piece).map((row) => this.value.at(row));
  }

  /** The worst completeness gap of a chip; NaN where the method has none. */
  gapOf(piece: Piece): number {
    return this.worst(piece, this.gap);
  }

  /** How far a score of a chip moved at most at the last refinement; NaN where not measured. */
  movedOf(piece: Piece): number {
    return this.worst(piece, this.moved);
  }

  private worst(piece: Piece, of: Grid): number {
    const numbers = this.rowsOf(piece).map((row) => of.at(row));
    return numbers.some(Number.isNaN) ? NaN : Math.max(...numbers);
  }
}

/** A row of tokens as chips, one by one or merged into words. */
function piecesOf(
  row: Pick<SaliencyHeader, "inputs" | "words" | "produced" | "roles">,
  unit: Unit,
  read: boolean,
): Piece[] {
  const { inputs, words, produced, roles } = row;
  const found: Piece[] = [];
  let open = -1;
  inputs.forEach((label, i) => {
    const last = found.at(-1);
    if (unit === "words" && last && words[i] === open) {
      const whole = { label: last.label + label, positions: [...last.positions, i] };
      found[found.length - 1] = { ...last, ...whole };
    } else {
      found.push({ label, positions: [i], produced: produced[i]!, role: roles[i]!, read });
    }
    open = words[i]!;
  });
  return found;
}
