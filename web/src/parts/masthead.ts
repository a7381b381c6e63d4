import { button, element } from "./dom";
import type { Header } from "../spec/spec";
import type { Theme } from "./theme";

const SVG = "http://www.w3.org/2000/svg";
/** The disc, and the slice that is cut away. */
const LOGO = [
  ["M10 1a9 9 0 1 0 9 9h-9z", "var(--ink)"],
  ["M12 1.2A9 9 0 0 1 18.8 8H12z", "var(--accent)"],
] as const;

/** The head of a page: whose model it was, what is proven of it, and the theme. */
export function masthead(header: Header, theme: Theme): HTMLElement {
  const said = (wanted: string): string[] =>
    header.provenance.filter(([name]) => name === wanted).map(([, value]) => value);
  const proven = said("proven");
  return element(
    "header",
    { class: "masthead" },
    element("h1", { class: "logo" }, logo(), "Cutaway"),
    pill([...said("model"), ...said("architecture")].join(" · "), "", ""),
    // Each row is "what: how it was shown"; the head names what, its title says how.
    pill(proven.map((row) => row.split(":")[0]!).join(", "), "is-proven", proven.join("\n")),
    element("span", { class: "spring" }),
    button("Theme", () => theme.toggle()),
  );
}

function pill(text: string, style: string, title: string): HTMLElement | null {
  if (!text) return null;
  const shown = style ? `✓ proven: ${text}` : text;
  return element("span", { class: `pill ${style}`.trim(), title: title || text }, shown);
}

export function logo(): SVGElement {
  const image = document.createElementNS(SVG, "svg");
  image.setAttribute("viewBox", "0 0 20 20");
  image.setAttribute("aria-hidden", "true");
  for (const [path, fill] of LOGO) {
    const shape = document.createElementNS(SVG, "path");
    shape.setAttribute("d", path);
    shape.setAttribute("fill", fill);
    image.append(shape);
  }
  return image;
}
