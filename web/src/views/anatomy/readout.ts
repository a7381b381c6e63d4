import { track } from "../../parts/candidates";
import { element, type Child } from "../../parts/dom";
import { percent } from "../../parts/format";
import type { AnatomyHeader, AnatomyPart } from "../../spec/anatomy";
import type { Place } from "./picture";
import { ownCount } from "./stack";
import { nameOf, whole } from "./tables";

/** The numbers of one part: where it is, how large, of which parameters. */
export function readoutOf(header: AnatomyHeader, { row, cell }: Place): HTMLElement[] {
  const { block, cells } = header.stack[row]!;
  const part = header.parts[cells[cell]!]!;
  const own = ownCount(part);
  const beside = cells.reduce((sum, index) => sum + ownCount(header.parts[index]!), 0);
  const figures: [string, Child][] = [
    ["parameters", whole(own)],
    ["share of the model", share(own, header.total)],
    ...(block === null ? [] : ([["share of its block", share(own, beside)]] as [string, Child][])),
  ];
  return [
    element("h2", {}, nameOf({ ...part, blocks: block === null ? "" : String(block) })),
    element("p", { class: "about" }, element("code", {}, pathOf(part, block) || "–")),
    ...(part.twins.length ? [tiedLine(part)] : []),
    element("dl", { class: "figures" }, ...figures.flatMap(([name, value]) => pair(name, value))),
    element("h3", { class: "anatomy-of" }, "Its weights"),
    ...part.shapes.map((shape, i) => weightLine(part, shape, part.sizes[i]!)),
    ...(part.experts ? [expertsLine(part)] : []),
    element(
      "p",
      { class: "hint is-keys" },
      "Hover a part, click to choose it. Arrow keys: ↑ ↓ through the model, ← → within a block.",
    ),
  ];
}

function share(count: number, of: number): string {
  return of > 0 ? percent(count / of) : "–";
}

function pair(name: string, value: Child): HTMLElement[] {
  return [element("dt", {}, name), element("dd", {}, value)];
}

/** The module's path with the block's number in it. */
function pathOf(part: AnatomyPart, block: number | null): string {
  const steps = part.path.split(".");
  return block === null
    ? part.path
    : steps.map((step) => (step === "*" ? String(block) : step)).join(".");
}

/** Whose weights they are: all of them, or some of them, where it counts others itself. */
function tiedLine({ twins, count }: AnatomyPart): HTMLElement {
  const which = count ? "Some of its weights are one" : "One";
  return element("p", { class: "about" }, `${which} with ${twins.join(", ")}, and counted there.`);
}

/** One parameter: name and shape, its bar within the part, how many numbers. */
function weightLine(part: AnatomyPart, shape: string, size: number): HTMLElement {
  const total = part.sizes.reduce((sum, size) => sum + size, 0);
  return element(
    "div",
    { class: "anatomy-weight" },
    element("code", {}, shape),
    element("span", { class: "amount" }, whole(size)),
    track(total ? size / total : NaN),
  );
}

function expertsLine(part: AnatomyPart): HTMLElement {
  const { count, parameters } = part.experts!;
  return element(
    "p",
    { class: "about" },
    `${whole(parameters)} of these lie in ${count} experts, ${whole(parameters / count)} in each. ` +
      "A token goes through a few of them only.",
  );
}
