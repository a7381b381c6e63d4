import type { Address } from "../parts/address";
import { element } from "../parts/dom";
import { SpecError } from "../spec/spec";
import { explain, mount } from "./mount";

/** Shows the picture that a saved page carries in its own elements. */
export async function mountPage(document: Document): Promise<void> {
  const place = element("div", { id: "cutaway" });
  document.body.style.margin = "0";
  document.body.append(place);
  try {
    const envelope: unknown = JSON.parse(textOf(document, "cutaway-spec"));
    const data = await inflated(textOf(document, "cutaway-data"));
    mount(place, envelope, data, { address: fragmentOf(window), scheme: null });
  } catch (error) {
    const words = error instanceof SpecError ? error.message : `This page is damaged: ${error}`;
    explain(place, words);
    if (!(error instanceof SpecError)) throw error;
  }
}

function textOf(document: Document, id: string): string {
  const node = document.getElementById(id);
  if (!node) throw new SpecError(`This page has no "${id}": it is not whole. Save it again.`);
  return node.textContent ?? "";
}

/** The bytes of base64 of raw deflate, as view/spec.py wrote them. */
async function inflated(text: string): Promise<Uint8Array> {
  if (!("DecompressionStream" in window)) {
    throw new SpecError(
      "This browser is too old for this page: it can't unpack its numbers " +
        "(DecompressionStream is missing). Open it in a browser of 2023 or later.",
    );
  }
  const packed = Uint8Array.from(atob(text.trim()), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The fragment of the window's address. */
function fragmentOf(window: Window): Address {
  return {
    read: () => window.location.hash.replace(/^#/, ""),
    write: (fragment) => window.history.replaceState(null, "", `#${fragment}`),
    subscribe(listener) {
      window.addEventListener("hashchange", listener);
      return () => window.removeEventListener("hashchange", listener);
    },
  };
}
