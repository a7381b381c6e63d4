import { button, element } from "../../parts/dom";
import { SpecError } from "../../spec/spec";
import type { Run } from "./records";
import { query } from "./route";
import { problemNode, type App } from "./screen";
import { called } from "./words";

/** Takes trace files, chosen or dropped on `area`, into the store; `done` hears of each. */
export class Upload {
  readonly button: HTMLElement;
  readonly told = element("div", { class: "app-uploads" });
  private readonly status = element("p", { class: "about", role: "status" });

  constructor(
    private readonly app: App,
    area: HTMLElement,
    private readonly done: (run: Run) => void,
  ) {
    const field = element("input", {
      type: "file",
      accept: ".trace",
      multiple: true,
      hidden: true,
    });
    this.button = element(
      "span",
      {},
      button("Upload traces …", () => field.click()),
      field,
    );
    field.addEventListener("change", () => {
      void this.take([...(field.files ?? [])]);
      field.value = "";
    });
    for (const name of ["dragenter", "dragover"] as const) {
      area.addEventListener(name, (event) => {
        if (!event.dataTransfer?.types.includes("Files")) return;
        event.preventDefault();
        area.classList.add("is-over");
      });
    }
    area.addEventListener("dragleave", (event) => {
      if (!area.contains(event.relatedTarget as Node | null)) area.classList.remove("is-over");
    });
    area.addEventListener("drop", (event) => {
      event.preventDefault();
      area.classList.remove("is-over");
      void this.take([...(event.dataTransfer?.files ?? [])]);
    });
  }

  /** One file after another: each is said to be there, or why it is not. */
  private async take(files: readonly File[]): Promise<void> {
    this.told.replaceChildren(this.status);
    for (const file of files) {
      this.status.textContent = `Sending ${file.name} …`;
      try {
        const name = file.name.replace(/\.trace$/, "").slice(0, 200);
        const run = await this.app.server.api.file<Run>(
          `/api/runs${query([["name", name]])}`,
          file,
        );
        this.status.textContent = `${file.name} is in the list as “${called(run)}”.`;
        this.done(run);
      } catch (error) {
        if (!(error instanceof SpecError)) throw error;
        this.status.textContent = "";
        this.told.append(problemNode(`${file.name}: ${error.message}`)!);
      }
    }
  }
}
