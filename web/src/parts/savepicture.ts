import type { Brush, Plate } from "./brush";
import { button, element } from "./dom";
import { escaped, SvgBrush } from "./svgbrush";
import { arranged, type Sheet } from "./sheet";

/** More boxes and lines than this are one image in an SVG; text stays text. */
const MOST_SHAPES = 12_000;
/** Pixels of a PNG for each pixel of the screen. */
const SCALE = 2;
/** The longest side of a PNG that every browser can make. */
const LONGEST = 8_000;

export type Cell = string | number;

/** What is saved: the picture that is on screen, and the numbers it shows. */
export interface Saved {
  readonly sheet: Sheet;
  /** The name of the file, without its suffix. */
  readonly name: string;
  /** The numbers, their names first. */
  rows(): Iterable<readonly Cell[]>;
}

/** A menu that saves what is on screen as SVG, PNG or CSV; `saved` says what that is just then. */
export function savePicture(saved: () => Saved): HTMLElement {
  const menu = element("details", { class: "save-menu" });
  const head = element("summary", {}, "save picture");
  const items = (["SVG", "PNG", "CSV"] as const).map((form) =>
    button(form === "CSV" ? "CSV, the numbers" : form, () => {
      menu.open = false;
      head.focus();
      const { sheet, name, rows } = saved();
      if (form === "CSV")
        download(new Blob(["\ufeff", csv(rows())], { type: "text/csv" }), `${name}.csv`);
      else if (form === "SVG")
        download(new Blob([svg(sheet)], { type: "image/svg+xml" }), `${name}.svg`);
      else png(sheet).toBlob((blob) => blob && download(blob, `${name}.png`), "image/png");
    }),
  );
  const list = element("div", { class: "save-items" }, ...items);
  menu.append(head, list);
  menu.addEventListener("toggle", () => keepInWindow(list));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    head.focus();
    event.stopPropagation();
  });
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !menu.contains(relatedTarget)) menu.open = false;
  });
  return menu;
}

/** The list hangs from its button's right end, or its left one where the window ends before. */
function keepInWindow(list: HTMLElement): void {
  list.classList.remove("is-rightward");
  list.classList.toggle("is-rightward", list.getBoundingClientRect().left < 0);
}

/** A sheet as an SVG document. */
export function svg(sheet: Sheet): string {
  const ruler = document.createElement("canvas").getContext("2d")!;
  const { width, height, paint } = arranged(sheet, ruler);
  const brush = new SvgBrush(ruler, "clip");
  paint(brush);
  const drawn =
    brush.shapes > MOST_SHAPES ? overImage({ width, height, paint }, ruler) : brush.source;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}"><title>${escaped(sheet.title)}</title>${drawn}</svg>\n`
  );
}

/** A sheet on a canvas. */
function png(sheet: Sheet): HTMLCanvasElement {
  const ruler = document.createElement("canvas").getContext("2d")!;
  return rastered(arranged(sheet, ruler));
}

/** Lines of a CSV file. A spreadsheet takes =, +, - and @ for a formula: an apostrophe stops it. */
export function csv(rows: Iterable<readonly Cell[]>): string {
  let text = "";
  for (const row of rows) text += `${row.map(cell).join(",")}\r\n`;
  return text;
}

function cell(value: Cell): string {
  if (typeof value === "number") return Number.isNaN(value) ? "" : String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Boxes and lines as an image, the text over them as text. */
function overImage(plate: Plate, ruler: CanvasRenderingContext2D): string {
  const image = rastered(plate, (brush) => {
    brush.fillText = () => {};
  });
  const brush = new SvgBrush(ruler, "image");
  brush.drawImage(image, 0, 0, plate.width, plate.height);
  const texts = new SvgBrush(ruler, "text", true);
  plate.paint(texts);
  return brush.source + texts.source;
}

function rastered(
  { width, height, paint }: Plate,
  prepare: (brush: Brush) => void = () => {},
): HTMLCanvasElement {
  const scale = Math.min(SCALE, LONGEST / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(width * scale);
  canvas.height = Math.ceil(height * scale);
  const brush = canvas.getContext("2d")!;
  brush.setTransform(scale, 0, 0, scale, 0, 0);
  prepare(brush);
  paint(brush);
  return canvas;
}

function download(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = element("a", { href: address, download: name });
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
