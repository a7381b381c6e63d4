import { button, element } from "../../parts/dom";
import { quantity } from "../../parts/format";
import type { Drawn } from "../../spec/explore";

/** Continuations that were drawn from a node, ranked by mean log-probability. */
export class SampleList {
  readonly element = element("div", { class: "explore-samples" });
  private readonly box = element("div", {});

  constructor(live: boolean, asks: { sample(): void; ramble(): void }) {
    const sample = button("sample 20", asks.sample);
    const ramble = button("ramble", asks.ramble);
    ramble.title = "Draw 20 texts from the start token alone";
    this.element.append(element("h3", {}, "Drawn continuations"));
    if (live) this.element.append(element("div", { class: "controls" }, sample, ramble));
    this.element.append(this.box);
  }

  show(drawn: Drawn | null): void {
    if (!drawn) {
      const words = element("p", { class: "hint" }, "None were drawn from this text.");
      this.box.replaceChildren(words);
      return;
    }
    const lines = drawn.ways.map(({ labels, mean }) =>
      element(
        "li",
        {},
        element("span", { class: "amount" }, quantity(mean)),
        // Lines are broken between tokens.
        element("code", { dir: "ltr" }, ...labels.flatMap((label) => [label, element("wbr")])),
      ),
    );
    this.box.replaceChildren(
      element("p", { class: "about" }, `${wordsOf(drawn)}; mean log-probability in nats.`),
      element("ol", {}, ...lines),
    );
  }
}

/** What they were drawn with. */
function wordsOf({ options, ways }: Drawn): string {
  const { temperature, top_k: topK, top_p: topP, seed } = options;
  const parts = [`${ways.length} drawn at temperature ${temperature}`];
  if (topK !== null && topK !== undefined) parts.push(`top-k ${topK}`);
  if (topP !== null && topP !== undefined) parts.push(`top-p ${topP}`);
  return [...parts, `seed ${seed}`].join(", ");
}
