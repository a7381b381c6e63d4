import type { Scheme } from "../parts/theme";
import { asking, type Channel } from "./asking";
import { mount } from "./mount";

/** The part of anywidget's model that is used. https://anywidget.dev/en/afm/ */
interface Model extends Channel {
  get(name: "envelope"): unknown;
  get(name: "data"): DataView;
  get(name: "answers"): boolean;
  on(event: string, listener: (...heard: never[]) => void): void;
  off(event: string, listener: (...heard: never[]) => void): void;
}

/** Shows a widget's picture in a shadow root, where the notebook's styles don't reach it. */
export function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  // JupyterLab would take the arrow keys; this attribute asks it to leave them here.
  el.dataset["lmSuppressShortcuts"] = "true";
  const place = el.attachShadow({ mode: "open" });
  const { ask, stop } = asking(model);
  let clear = (): void => {};
  const draw = (): void => {
    clear();
    const { buffer, byteOffset, byteLength } = model.get("data");
    const data = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    clear = mount(place, model.get("envelope"), data, {
      address: null,
      scheme: notebookScheme(el.ownerDocument),
      ask: model.get("answers") ? ask : null,
      chunk: async (array, index) => {
        const { data } = await ask({ what: "chunk", array, index });
        return data as Uint8Array;
      },
    });
  };
  draw();
  model.on("change:data", draw);
  return () => {
    model.off("change:data", draw);
    stop();
    clear();
  };
}

/** The notebook's own theme where it says one: it may differ from the system's. */
function notebookScheme(document: Document): Scheme | null {
  const { jpThemeLight, vscodeThemeKind } = document.body.dataset;
  if (jpThemeLight) return jpThemeLight === "true" ? "light" : "dark";
  if (vscodeThemeKind) return vscodeThemeKind.includes("light") ? "light" : "dark";
  return null;
}
