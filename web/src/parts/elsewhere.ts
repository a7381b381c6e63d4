import { element, type Child } from "./dom";

/** A line that says that a picture is not of what is picked on the page; away while it is. */
export class Elsewhere {
  readonly element = element("p", { class: "elsewhere", role: "status", hidden: true });

  /** Null: the picture is of what is picked. */
  tell(words: readonly Child[] | null): void {
    this.element.hidden = words === null;
    this.element.replaceChildren(...(words ?? []).filter((child) => child !== null));
  }
}
