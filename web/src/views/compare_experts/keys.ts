import { element } from "../../parts/dom";
import { quantity } from "../../parts/format";
import { rampLegend } from "../../parts/legend";
import { signedLegend } from "../../parts/signed";
import type { Scheme } from "../../parts/theme";
import type { Colour } from "./model";
import type { Routes } from "./routes";

/** What the colours and rings of the layers by tokens mean. */
export function routesKey(
  routes: Routes,
  colour: Colour,
  expert: number,
  numbered: boolean,
  scheme: Scheme,
): HTMLElement {
  const made = ramps(routes, colour, expert, scheme);
  if (numbered && colour !== "expert")
    made.append(
      element(
        "span",
        {},
        colour === "difference"
          ? "numbers: the experts that left → those that came, or the share where these are many"
          : "numbers: the experts called, the strongest first; '+3' is three more",
      ),
    );
  const ring = element("span", { class: "swatch is-ring" });
  made.append(element("span", {}, ring, "no expert in common"));
  return made;
}

function ramps(routes: Routes, colour: Colour, expert: number, scheme: Scheme): HTMLElement {
  const { names } = routes.header;
  const most = quantity(routes.strongest);
  if (colour === "difference")
    return rampLegend(
      scheme,
      ["0 %", "100 %"],
      [["teal", "right"]],
      "of the weight goes to other experts, square-root shading",
    );
  if (colour === "expert")
    return signedLegend(names, most, `weight of expert ${expert}, square-root shading`, scheme);
  const name = names[colour === "first" ? 0 : 1];
  const words = `weight of the strongest expert in ${name}`;
  return rampLegend(scheme, ["0", most], [["clay", "right"]], words);
}
