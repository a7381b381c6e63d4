import { button, element } from "../../parts/dom";
import type { ReportSection } from "../../spec/report";
import { SpecError, type Spec } from "../../spec/spec";
import type { Host } from "../host";

/** Elements that belong together are named by number: each on a page has its own. */
let count = 0;

/** One lens of a report: its question as a heading that opens it, its picture once it is open. */
export class SectionCard {
  readonly element: HTMLElement;
  private readonly toggle: HTMLButtonElement | null;
  private readonly body: HTMLElement;
  private clear: (() => void) | null = null;
  private asked = false;
  private disposed = false;

  /** `told` are the notes that stand on the page already. */
  constructor(
    private readonly section: ReportSection,
    private readonly host: Host,
    private readonly told: readonly string[],
    onToggle: () => void,
  ) {
    const id = `cutaway-part-${++count}`;
    const { title, question, missing } = section;
    this.body = element("div", { class: "section-body", id });
    this.toggle = missing === null ? disclosure(question, id, onToggle) : null;
    const name = element("h2", {}, this.toggle ?? element("span", {}, question));
    this.element = element(
      "section",
      {
        class: this.toggle ? "report-section" : "report-section is-missing",
        "aria-label": title,
        "data-section": section.name,
      },
      element("div", { class: "section-head" }, name, element("span", { class: "pill" }, title)),
      this.toggle ? this.body : element("p", { class: "section-missing" }, `Not here: ${missing}`),
    );
  }

  /** Opened or closed; what was opened once stays as it is. */
  show(open: boolean): void {
    if (!this.toggle) return;
    this.toggle.setAttribute("aria-expanded", String(open));
    this.element.classList.toggle("is-open", open);
    this.body.hidden = !open;
    if (open && !this.asked) void this.load();
  }

  reveal(): void {
    this.toggle?.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "start" });
  }

  dispose(): void {
    this.disposed = true;
    this.clear?.();
  }

  private async load(): Promise<void> {
    const { section, show, ask } = this.host;
    const { name } = this.section;
    this.asked = true;
    this.body.setAttribute("aria-busy", "true");
    this.body.replaceChildren(
      element("p", { class: "hint", role: "status" }, ask ? "Computing …" : "Unpacking …"),
    );
    try {
      const spec = await section!(name);
      if (this.disposed) return;
      this.body.replaceChildren();
      this.clear = show!(without(spec, this.told), this.body, { scope: `${name}.`, section: name });
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      if (!this.disposed) this.fail(error.message);
    } finally {
      this.body.removeAttribute("aria-busy");
    }
  }

  private fail(words: string): void {
    this.body.replaceChildren(
      element("p", { class: "problem", role: "alert" }, words),
      button("Try again", () => void this.load()),
    );
  }
}

/** A picture without the notes that the page tells once for all. */
function without(spec: Spec, told: readonly string[]): Spec {
  const notes = spec.header.notes.filter((note) => !told.includes(note));
  return { ...spec, header: { ...spec.header, notes } };
}

function disclosure(question: string, body: string, onToggle: () => void): HTMLButtonElement {
  const node = element(
    "button",
    { type: "button", class: "disclosure", "aria-expanded": "false", "aria-controls": body },
    element("span", { class: "chevron", "aria-hidden": "true" }),
    question,
  );
  node.addEventListener("click", onToggle);
  return node;
}
