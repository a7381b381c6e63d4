import { track } from "../../parts/candidates";
import { element, press } from "../../parts/dom";
import { percent } from "../../parts/format";
import { signedPaint } from "../../parts/signed";
import type { Scheme } from "../../parts/theme";
import type { HeadAt, PairHeads, RankedBy } from "./heads";

const LISTED = 10;

/** The heads that differ most as buttons, each with a thumbnail of its difference. */
export function ranking(
  heads: PairHeads,
  by: RankedBy,
  slot: number,
  chosen: HeadAt,
  scheme: Scheme,
  choose: (at: HeadAt) => void,
): HTMLElement[] {
  return heads
    .ranked(by, slot)
    .slice(0, LISTED)
    .map((at) => {
      const value = heads.differs(at, by, slot);
      const node = element(
        "button",
        { type: "button", class: "ranked" },
        thumbnail(heads, at, scheme),
        element("span", { class: "ranked-name" }, heads.name(at)),
        track(value),
        element("span", { class: "amount" }, percent(value)),
      );
      press(node, at.layer === chosen.layer && at.head === chosen.head);
      node.addEventListener("click", () => choose(at));
      return node;
    });
}

/** A head's difference in small: queries down, keys across. */
function thumbnail(heads: PairHeads, at: HeadAt, scheme: Scheme): HTMLCanvasElement {
  const grid = heads.thumbnails;
  const [height, width] = [grid.shape[2]!, grid.shape[3]!];
  const canvas = element("canvas", { width, height, "aria-hidden": "true" });
  const brush = canvas.getContext("2d");
  for (let y = 0; brush && y < height; y++) {
    for (let x = 0; x < width; x++) {
      const share = (grid.at(at.layer, at.head, y, x) - 128) / 127;
      brush.fillStyle = signedPaint(share, scheme)!.fill;
      brush.fillRect(x, y, 1, 1);
    }
  }
  return canvas;
}
