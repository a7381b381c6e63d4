import { button, element } from "../../parts/dom";
import { SpecError } from "../../spec/spec";
import { form, labelled, sender, textField } from "./fields";
import type { Run } from "./records";
import { problemNode, type App } from "./screen";
import { TagField } from "./tagfield";

export function pathOf(id: string): string {
  return `/api/runs/${encodeURIComponent(id)}`;
}

/** Renames a run and changes its tags; `done` hears the run as it is then, null if unchanged. */
export function editor(app: App, run: Run, done: (run: Run | null) => void): HTMLElement {
  const name = textField(run.name, "its prompt");
  const tags = new TagField(run.tags);
  const wrong = element("div", {});
  const save = (): void => {
    const change = { name: name.value.trim(), tags: tags.value };
    said(wrong, app.server.api.json<Run>("PATCH", pathOf(run.id), change).then(done));
  };
  const line = element(
    "div",
    { class: "app-line" },
    labelled("name", name),
    labelled("tag, then Enter", tags.field),
    sender("Save"),
    button("Leave as it was", () => done(null)),
  );
  const node = form("Name and tags", save, line, tags.list, wrong);
  node.className = "app-edit";
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    done(null);
  });
  queueMicrotask(() => name.focus());
  return node;
}

/** Asks once more before a run is deleted; `done` hears whether it was. */
export function deletion(app: App, run: Run, done: (gone: boolean) => void): HTMLElement {
  const wrong = element("div", {});
  const yes = button("Delete it", () => {
    const deleted = app.server.api.none("DELETE", pathOf(run.id));
    said(
      wrong,
      deleted.then(() => done(true)),
    );
  });
  yes.className = "is-danger";
  const keep = button("Keep it", () => done(false));
  queueMicrotask(() => keep.focus());
  return element(
    "div",
    { class: "app-edit", role: "alertdialog", "aria-label": "Delete this run?" },
    element("p", { class: "about" }, "Its trace is deleted from the store and can't be had back."),
    element("div", { class: "controls" }, yes, keep),
    wrong,
  );
}

/** Says in `place` why it could not be done. */
function said(place: HTMLElement, doing: Promise<void>): void {
  doing.catch((error: unknown) => {
    if (!(error instanceof SpecError)) throw error;
    place.replaceChildren(problemNode(error.message)!);
  });
}
