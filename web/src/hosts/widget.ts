import type { Chunk } from "../spec/chunks";
import { decode } from "../spec/decode";
import { SpecError } from "../spec/spec";
import type { Ask } from "../views/host";
import { asking, type Channel } from "./asking";
import { explain, mount } from "./mount";
import { notebookScheme } from "./notebook";
import { askedSections, joined } from "./sections";

/** The part of anywidget's model that is used. https://anywidget.dev/en/afm/ */
interface Model extends Channel {
  get(name: "envelope"): unknown;
  get(name: "data"): DataView;
  get(name: "size"): number;
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
  const show = (data: Uint8Array): void => {
    const answers = model.get("answers") ? ask : null;
    const chunk: Chunk = async (array, index) =>
      (await ask({ what: "chunk", array, index })).data as Uint8Array;
    clear = mount(place, () => decode(model.get("envelope"), data, chunk), {
      address: null,
      scheme: notebookScheme(el.ownerDocument),
      ask: answers,
      section: answers && askedSections(answers),
      alone: true,
    });
  };
  const draw = (): void => {
    clear();
    const first = bytesOf(model.get("data"));
    if (first.length === model.get("size")) return show(first);
    rest(first, model.get("size"), ask).then(show, (error: unknown) => {
      if (!(error instanceof SpecError)) throw error;
      explain(place, error.message, notebookScheme(el.ownerDocument));
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

/** All the arrays of a large picture: a notebook is sent their first part, and asked for the rest. */
async function rest(first: Uint8Array, size: number, ask: Ask): Promise<Uint8Array> {
  const parts = [first];
  for (let read = first.length; read < size; read += parts.at(-1)!.length) {
    const { data } = await ask({ what: "data", part: parts.length });
    parts.push(data as Uint8Array);
  }
  return joined(parts);
}

function bytesOf({ buffer, byteOffset, byteLength }: DataView): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
