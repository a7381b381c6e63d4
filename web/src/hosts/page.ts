import type { Address } from "../parts/address";
import { element } from "../parts/dom";
import { SpecError } from "../spec/spec";
import { explain, mount } from "./mount";

/** Milliseconds without a change until the address is written. */
const WRITE_DELAY = 350;

/** Shows the picture that a saved page carries in its own elements. */
export async function mountPage(document: Document): Promise<void> {
  const place = element("div", { id: "cutaway" });
  document.body.style.margin = "0";
  document.body.append(place);
  try {
    const data = await inflated(textOf(document, "cutaway-data"));
    mount(place, envelopeOf(textOf(document, "cutaway-spec")), data, {
      address: fragmentOf(window),
      scheme: null,
    });
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    explain(place, error.message);
  }
}

function textOf(document: Document, id: string): string {
  const node = document.getElementById(id);
  if (!node) throw new SpecError(`This page has no "${id}": it is not whole. Save it again.`);
  return node.textContent ?? "";
}

function envelopeOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SpecError("The picture's header is damaged. Save the page again.");
  }
}

/** The bytes of base64 of raw deflate, as view/spec.py wrote them. */
async function inflated(text: string): Promise<Uint8Array> {
  if (!("DecompressionStream" in window)) {
    throw new SpecError(
      "This browser is too old for this page: it can't unpack its numbers " +
        "(DecompressionStream is missing). Open it in a browser of 2023 or later.",
    );
  }
  try {
    const packed = Uint8Array.from(atob(text.trim()), (character) => character.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new SpecError("The picture's numbers are damaged. Save the page again.");
  }
}

/**
 * The fragment of the window's address, or null where a page has no address of its own (a frame
 * made from a string). Written a moment later: browsers allow about three changes a second.
 */
function fragmentOf(window: Window): Address | null {
  if (!/^(https?|file):$/.test(window.location.protocol)) return null;
  let pending: string | null = null;
  let timer = 0;
  return {
    read: () => pending ?? window.location.hash.replace(/^#/, ""),
    write(fragment) {
      pending = fragment;
      window.clearTimeout(timer);
      timer = window.setTimeout(() => {
        window.history.replaceState(null, "", `#${fragment}`);
        pending = null;
      }, WRITE_DELAY);
    },
    subscribe(listener) {
      window.addEventListener("hashchange", listener);
      return () => window.removeEventListener("hashchange", listener);
    },
  };
}
