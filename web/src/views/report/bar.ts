import { button, element, enable } from "../../parts/dom";
import { layerWords } from "../../parts/layers";
import type { Selection } from "../../parts/selection";
import type { ReportHeader } from "../../spec/report";
import { goTo, placeOf } from "./place";
import { tokenChips } from "./text";

/** What is picked on the page, always in view, with a step to the token before and after it. */
export class Bar {
  readonly element: HTMLElement;
  private readonly before = button("‹", () => this.step(-1));
  private readonly after = button("›", () => this.step(1));
  private readonly token = element("span", { class: "report-token", role: "status" });
  private readonly more = element("span", { class: "report-more" });

  constructor(
    private readonly header: ReportHeader,
    private readonly selection: Selection,
  ) {
    for (const [node, words] of [
      [this.before, "Token before (key p)"],
      [this.after, "Token after (key n)"],
    ] as const) {
      node.setAttribute("aria-label", words);
      node.title = words;
    }
    this.element = element(
      "nav",
      { class: "report-bar", "aria-label": "What is picked" },
      element("div", { class: "report-picked" }, this.before, this.token, this.after, this.more),
    );
  }

  /** The keys that go to the next token and back, wherever one is on the page. */
  key(event: KeyboardEvent): void {
    const step = { n: 1, p: -1 }[event.key];
    const typing = (event.target as Element).closest("input:not([type=range]), select, textarea");
    if (!step || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.step(step);
  }

  show(): void {
    const { row } = placeOf(this.header, this.selection);
    enable(this.before, row > 0);
    enable(this.after, row < this.header.positions.length - 1);
    this.token.replaceChildren(...tokenChips(this.header, this.selection));
    const { layer, head } = this.selection.picked;
    const words = [
      layer === null ? "" : layerWords(layer),
      layer === null || head === null ? "" : `head ${head}`,
    ];
    this.more.textContent = words.filter(Boolean).join(" · ");
  }

  private step(by: number): void {
    goTo(this.header, this.selection, placeOf(this.header, this.selection).row + by);
  }
}
