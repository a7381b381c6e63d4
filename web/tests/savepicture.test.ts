// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import type { Plate } from "../src/parts/brush";
import { csv } from "../src/parts/savepicture";
import { arranged, type Sheet } from "../src/parts/sheet";
import { escaped, SvgBrush } from "../src/parts/svgbrush";

/** Every character is six pixels wide. */
const ruler = {
  font: "",
  measureText: (text: string) => ({ width: 6 * text.length }) as TextMetrics,
};
const HOSTILE = '</text><script>harm()</script>&"\u0001\ud800';

function drawn(paint: (brush: SvgBrush) => void): Document {
  const brush = new SvgBrush(ruler, "clip");
  paint(brush);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg">${brush.source}</svg>`;
  return new DOMParser().parseFromString(svg, "image/svg+xml");
}

describe("a brush that writes SVG", () => {
  it("writes hostile text as text", () => {
    const page = drawn((brush) => brush.fillText(HOSTILE, 1, 2));
    expect(page.querySelectorAll("script")).toHaveLength(0);
    expect(page.querySelectorAll("text")).toHaveLength(1);
    expect(escaped(HOSTILE)).not.toMatch(/[<>"\u0001\ud800]/);
    expect(escaped("a & b\u{1f600}")).toBe("a &#38; b\u{1f600}");
  });

  it("keeps opacity, dashes and the place of a text", () => {
    const brush = new SvgBrush(ruler, "clip");
    brush.globalAlpha = 0.5;
    brush.lineWidth = 2;
    brush.setLineDash([7, 4]);
    brush.beginPath();
    brush.moveTo(0, 1);
    brush.lineTo(3, 4);
    brush.stroke();
    brush.textAlign = "right";
    brush.font = "600 12px mono";
    brush.fillText("x", 9, 10);
    expect(brush.source).toContain('d="M0 1L3 4"');
    expect(brush.source).toContain('stroke-width="2" opacity="0.5" stroke-dasharray="7 4"');
    expect(brush.source).toContain('x="9" y="14.2" text-anchor="end"');
    expect(brush.source).toContain('font-size="12" font-weight="600"');
  });

  it("closes what was clipped and moved when it is restored", () => {
    const brush = new SvgBrush(ruler, "clip");
    brush.fillStyle = "red";
    brush.save();
    brush.fillStyle = "blue";
    brush.translate(5, 6);
    brush.beginPath();
    brush.rect(0, 0, 7, 8);
    brush.clip();
    brush.fillRect(1, 2, 3, 4);
    brush.restore();
    const { source } = brush;
    expect(source.match(/<g /g)).toHaveLength(2);
    expect(source.endsWith("</g></g>")).toBe(true);
    expect(brush.fillStyle).toBe("red");
  });

  it("leaves shapes out where only text is wanted", () => {
    const brush = new SvgBrush(ruler, "clip", true);
    brush.fillRect(0, 0, 1, 1);
    brush.fillText("kept", 0, 0);
    expect(brush.source).not.toContain("<rect");
    expect(brush.source).toContain("kept");
  });
});

describe("a sheet", () => {
  const palette = { ink: "i", dim: "d", card: "c", mono: "m", sans: "s" } as Sheet["palette"];
  const plate = (width: number): Plate => ({ width, height: 50, paint: () => {} });

  it("has room for its plates beside each other, and says all words", () => {
    const sheet: Sheet = {
      title: "A title",
      words: ["many words ".repeat(30).trim()],
      keys: [{ colour: "#123456", dash: [], words: "head 3" }],
      plates: [
        { caption: "one", plate: plate(400) },
        { caption: "two", plate: plate(300) },
      ],
      palette,
    };
    const { width, paint } = arranged(sheet, ruler);
    expect(width).toBeGreaterThanOrEqual(700);
    const brush = new SvgBrush(ruler, "clip");
    paint(brush);
    const texts = [...brush.source.matchAll(/<text[^>]*>([^<]*)</g)].map((found) => found[1]!);
    expect(texts).toEqual(expect.arrayContaining(["A title", "head 3", "one", "two"]));
    expect(texts.join(" ").match(/many/g)).toHaveLength(30);
    for (const text of texts) expect(6 * text.length).toBeLessThanOrEqual(width);
  });
});

describe("numbers as CSV", () => {
  it("quote what would end a cell, and stop what would be a formula", () => {
    expect(csv([["=1+1", 'a"b', "c,d", 2.5, "\u4e1c"]])).toBe(
      `"'=1+1","a""b","c,d",2.5,\u4e1c\r\n`,
    );
    expect(csv([["-", "@x", "\ta", NaN, -3]])).toBe(`"'-","'@x","'\ta",,-3\r\n`);
  });
});
