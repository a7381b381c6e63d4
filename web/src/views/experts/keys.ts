import { element } from "../../parts/dom";
import { percent, quantity } from "../../parts/format";
import { rampLegend } from "../../parts/legend";
import type { Scheme } from "../../parts/theme";
import type { Calls } from "./called";
import type { Colour } from "./model";
import { told } from "./panel";

/** What the colours and rings of the layers by tokens mean. */
export function layersKey(
  calls: Calls,
  colour: Colour,
  expert: number,
  scheme: Scheme,
  overview = false,
): Element {
  const most = quantity(calls.strongest);
  const legend =
    colour === "entropy"
      ? rampLegend(
          scheme,
          ["0", "all experts alike"],
          [["teal", "right"]],
          "entropy of the scores, to the logarithm of the number of experts",
        )
      : rampLegend(
          scheme,
          ["0", most],
          [["clay", "right"]],
          colour === "weight"
            ? `weight of the strongest expert${overview ? "" : "; the numbers are experts, the strongest first"}`
            : `weight of expert ${expert} where it was called`,
        );
  if (calls.anyPassedOver) {
    const mark = element("span", { class: "swatch is-ring" });
    legend.append(element("span", {}, mark, "not chosen by the scores alone"));
  }
  return legend;
}

/** What the colours and rings of the experts by tokens mean. */
export function expertsKey(calls: Calls, row: number, most: number, scheme: Scheme): Element {
  const name = calls.header.scores[row]!;
  const words = calls.holds(row)
    ? `the router's score (${name}), on a square-root scale`
    : name
      ? `the scores of this layer are not on this page: ask for it alone, layers=[${calls.header.layers[row]!}]`
      : "scores of this layer can't be had";
  const legend = rampLegend(
    scheme,
    ["0", name === "softmax" ? percent(most) : told(name, most)],
    [["clay", "right"]],
    words,
  );
  legend.append(element("span", {}, element("span", { class: "swatch is-ring" }), "called"));
  return legend;
}
