import { element } from "../../parts/dom";
import { percent } from "../../parts/format";
import type { Token } from "./records";

/** Tokens as chips with their probability, as they come; those that are there are left alone. */
export class Stream {
  readonly element = element("div", {
    class: "strip app-stream",
    role: "list",
    "aria-label": "Tokens so far, each with its probability",
    tabindex: 0,
  });
  private shown: readonly Token[] = [];

  show(tokens: readonly Token[]): void {
    if (tokens === this.shown) return;
    const last = this.shown.length - 1;
    // Others than those that are there, or one between them: all are drawn anew.
    if (last >= 0 && tokens[last]?.position !== this.shown[last]!.position) this.clear();
    const { element: box } = this;
    const isAtEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 4;
    box.append(...tokens.slice(this.shown.length).map(chip));
    this.shown = tokens;
    if (isAtEnd) box.scrollTop = box.scrollHeight;
  }

  private clear(): void {
    this.element.replaceChildren();
    this.shown = [];
  }
}

function chip({ label, probability, position }: Token): HTMLElement {
  const share = probability === null ? "" : percent(probability);
  const said = element("small", {}, share || " ");
  return element(
    "span",
    { class: "token is-produced", role: "listitem", dir: "ltr", title: `position ${position}` },
    label,
    said,
  );
}
