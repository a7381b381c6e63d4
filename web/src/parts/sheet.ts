import type { Brush, Plate } from "./brush";
import { fitted } from "./fitted";
import type { Palette } from "./theme";

/** A plate with its caption. */
export interface Captioned {
  readonly caption: string;
  readonly plate: Plate;
}

/** A colour of the picture, its dashes, and what they stand for. */
export interface Key {
  readonly colour: string;
  readonly dash: readonly number[];
  /** How strong the colour is in the picture; all of it where nothing is said. */
  readonly strength?: number;
  readonly words: string;
}

/** A picture with all that must be said of it, as it goes into a file. */
export interface Sheet {
  readonly title: string;
  /** Under the title: what is drawn, of which model and text. */
  readonly words: readonly string[];
  readonly keys: readonly Key[];
  /** Beside each other. */
  readonly plates: readonly Captioned[];
  readonly palette: Palette;
}

type Ruler = Pick<CanvasRenderingContext2D, "font" | "measureText">;

const MARGIN = 20;
const GAP = 28;
const LEAST_WIDTH = 520;
const HEIGHTS = { title: 26, words: 17, keys: 20, caption: 22 } as const;
const SWATCH = 18;

/** A sheet as one plate: title, words, keys, then the plates beside each other. */
export function arranged(sheet: Sheet, ruler: Ruler): Plate {
  const { palette, plates } = sheet;
  const inner = Math.max(
    LEAST_WIDTH,
    plates.reduce((sum, { plate }) => sum + plate.width + GAP, -GAP),
  );
  ruler.font = wordsFont(palette);
  const lines = sheet.words.flatMap((words) => wrapped(ruler, words, inner));
  const keys = keyRows(sheet, ruler, inner);
  const top = MARGIN + HEIGHTS.title + lines.length * HEIGHTS.words + keys.length * HEIGHTS.keys;
  const [width, height] = [
    Math.ceil(inner + 2 * MARGIN),
    Math.ceil(
      top + HEIGHTS.caption + Math.max(...plates.map(({ plate }) => plate.height)) + MARGIN,
    ),
  ];
  const paint = (brush: Brush): void => {
    brush.fillStyle = palette.card;
    brush.fillRect(0, 0, width, height);
    brush.textBaseline = "middle";
    paintWords(brush, sheet, lines, inner);
    let y = MARGIN + HEIGHTS.title + lines.length * HEIGHTS.words;
    for (const row of keys) {
      paintKeys(brush, row, palette, y + HEIGHTS.keys / 2);
      y += HEIGHTS.keys;
    }
    paintPlates(brush, sheet, top);
  };
  return { width, height, paint };
}

function wordsFont(palette: Palette): string {
  return `11px ${palette.sans}`;
}

function paintWords(brush: Brush, sheet: Sheet, lines: readonly string[], room: number): void {
  const { palette, title } = sheet;
  brush.textAlign = "left";
  brush.font = `600 15px ${palette.sans}`;
  brush.fillStyle = palette.ink;
  brush.fillText(fitted(brush, title, room), MARGIN, MARGIN + 8);
  brush.font = wordsFont(palette);
  brush.fillStyle = palette.dim;
  lines.forEach((line, i) =>
    brush.fillText(line, MARGIN, MARGIN + HEIGHTS.title + (i + 0.5) * HEIGHTS.words),
  );
}

interface Placed extends Key {
  readonly x: number;
}

/** The keys in rows that fit. */
function keyRows({ keys, palette }: Sheet, ruler: Ruler, room: number): Placed[][] {
  ruler.font = wordsFont(palette);
  const rows: Placed[][] = [];
  let x = room;
  for (const key of keys) {
    const need = SWATCH + 6 + ruler.measureText(key.words).width + 14;
    if (x + need > room) {
      rows.push([]);
      x = 0;
    }
    rows.at(-1)!.push({ ...key, x });
    x += need;
  }
  return rows;
}

function paintKeys(brush: Brush, row: readonly Placed[], palette: Palette, y: number): void {
  brush.textAlign = "left";
  brush.font = wordsFont(palette);
  for (const { x, colour, dash, strength = 1, words } of row) {
    brush.strokeStyle = colour;
    brush.globalAlpha = strength;
    brush.lineWidth = strength < 1 ? 8 : 3;
    brush.setLineDash([...dash]);
    brush.beginPath();
    brush.moveTo(MARGIN + x, y);
    brush.lineTo(MARGIN + x + SWATCH, y);
    brush.stroke();
    brush.globalAlpha = 1;
    brush.fillStyle = palette.ink;
    brush.fillText(words, MARGIN + x + SWATCH + 6, y);
  }
  brush.setLineDash([]);
}

function paintPlates(brush: Brush, { plates, palette }: Sheet, top: number): void {
  let x = MARGIN;
  for (const { caption, plate } of plates) {
    brush.textAlign = "left";
    brush.font = `600 12px ${palette.sans}`;
    brush.fillStyle = palette.ink;
    brush.fillText(fitted(brush, caption, plate.width), x, top + HEIGHTS.caption / 2);
    brush.save();
    brush.translate(x, top + HEIGHTS.caption);
    brush.beginPath();
    brush.rect(0, 0, plate.width, plate.height);
    brush.clip();
    plate.paint(brush);
    brush.restore();
    x += plate.width + GAP;
  }
}

/** Words in lines that fit; a word that is wider than a line is cut. */
function wrapped(ruler: Ruler, words: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words.split(/\s+/)) {
    const longer = line ? `${line} ${word}` : word;
    if (!line || ruler.measureText(longer).width <= width) line = longer;
    else {
      lines.push(fitted(ruler, line, width));
      line = word;
    }
  }
  return [...lines, fitted(ruler, line, width)];
}
