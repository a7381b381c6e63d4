import { button, element } from "../../parts/dom";
import { SpecError } from "../../spec/spec";
import { isAbort, retryWhenBusy } from "./api";
import { problemNode, type App } from "./screen";

/** Milliseconds until the browser has surely begun to read what it saves. */
const READ = 60_000;

/** Has the server make a page and saves it; what it takes and what goes wrong is said beside. */
export class SaveButton {
  readonly element = element("span", { class: "app-save" });
  private readonly button: HTMLButtonElement;
  private readonly told = element("span", { role: "status" });
  private giving: AbortController | null = null;

  constructor(
    private readonly app: App,
    private readonly path: string,
    private readonly file: string,
  ) {
    this.button = button("Save page", () => {
      if (this.giving) this.giving.abort();
      else void this.save();
    });
    this.button.title = "as one file that opens without a network";
    this.element.append(this.button, this.told);
  }

  dispose(): void {
    this.giving?.abort();
  }

  private async save(): Promise<void> {
    this.giving = new AbortController();
    const { signal } = this.giving;
    this.button.textContent = "Cancel saving";
    this.told.replaceChildren();
    try {
      const { api } = this.app.server;
      const made = (): Promise<{ bytes: Uint8Array }> =>
        api.bytes("GET", this.path, undefined, signal);
      const { bytes } = await retryWhenBusy(made, (left) => this.wait(left), signal);
      download(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "text/html" }), this.file);
    } catch (error) {
      if (isAbort(error)) return;
      if (!(error instanceof SpecError)) throw error;
      this.told.replaceChildren(problemNode(error.message)!);
    } finally {
      this.giving = null;
      this.button.textContent = "Save page";
    }
  }

  private wait(left: number | null): void {
    this.told.textContent = left === null ? "" : `asked again in ${left} s`;
  }
}

function download(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  element("a", { href: address, download: name }).click();
  window.setTimeout(() => URL.revokeObjectURL(address), READ);
}
