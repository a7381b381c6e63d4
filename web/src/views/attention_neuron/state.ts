import { Choices, isWhole } from "../../parts/choices";
import { positionLink } from "../../parts/selection";
import type { Host } from "../host";
import { BLOCKS, isVector, OUTPUT, type Block } from "./layout";
import type { Head } from "./row";

/** What is said where nothing was chosen: the page's own choice, such as the key it looks at most. */
export const OWN = "";
/** How many entries can be drawn, besides all. */
export const FEWER = [32, 16, 8] as const;

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  block: BLOCKS,
  vectors: ["after", "before"],
  keys: ["order", "weight"],
  entries: ["order", "size"],
  count: ["all", ...FEWER.map(String)],
};

/** What is chosen on the page: the query, the cell that is told, what is drawn in which order. */
export function neuronChoices(head: Head, host: Host): Choices {
  const { positions, at } = head.header;
  const last = positions.length - 1;
  const most = Math.max(head.keySize, head.valueSize) - 1;
  const start = {
    at: String(positions.indexOf(at)),
    key: OWN,
    block: "product",
    entry: OWN,
    vectors: "after",
    keys: "order",
    entries: "order",
    count: "all",
    show: "key,product,weighted",
  };
  const allowed = (name: string, value: string): boolean => {
    if (name === "at") return isWhole(value, 0, last);
    if (name === "key") return value === OWN || isWhole(value, OUTPUT, head.count - 1);
    if (name === "entry") return value === OWN || isWhole(value, 0, most);
    if (name === "vectors" && value === "before") return head.before !== null;
    if (name === "show") return value === "" || value.split(",").every(isVector);
    return ALLOWED[name]!.includes(value);
  };
  return new Choices(start, allowed, host, { at: positionLink(positions) });
}

/** The blocks that are drawn: the numbers always, the vectors that are shown. */
export function shownBlocks(choices: Choices): Block[] {
  const shown = choices.get("show").split(",");
  return BLOCKS.filter((block) => !isVector(block) || shown.includes(block));
}
