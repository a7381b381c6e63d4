import { button, element } from "../../parts/dom";
import { textField } from "./fields";

/** The tags of a run as they are changed: each can be dropped, Enter adds the one that is typed. */
export class TagField {
  readonly field = textField("", "one more");
  readonly list = element("div", { class: "app-tags", role: "group", "aria-label": "Tags" });
  private readonly tags: Set<string>;

  constructor(tags: readonly string[]) {
    this.tags = new Set(tags);
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && this.take()) event.preventDefault();
    });
    this.draw();
  }

  /** All of them, with what is typed and not yet added. */
  get value(): string[] {
    this.take();
    return [...this.tags];
  }

  /** Adds what is typed; whether that was anything. */
  private take(): boolean {
    const tag = this.field.value.trim();
    if (tag) this.tags.add(tag);
    this.field.value = "";
    this.draw();
    return tag !== "";
  }

  private draw(): void {
    this.list.replaceChildren(...[...this.tags].map((tag) => this.dropper(tag)));
  }

  private dropper(tag: string): HTMLElement {
    const node = button(`${tag} ×`, () => {
      this.tags.delete(tag);
      this.draw();
      this.field.focus();
    });
    node.setAttribute("aria-label", `remove the tag ${tag}`);
    node.className = "app-tag";
    return node;
  }
}
