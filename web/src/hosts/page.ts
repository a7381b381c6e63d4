import type { Address } from "../parts/address";
import { element } from "../parts/dom";
import { decode } from "../spec/decode";
import { inflated } from "../spec/inflate";
import { SpecError } from "../spec/spec";
import { chunksOf } from "./chunks";
import { explain, mount } from "./mount";
import { savedSections } from "./sections";

/** Milliseconds without a change until the address is written. */
const WRITE_DELAY = 350;

/**
 * Shows the picture that a saved page carries in its own elements, before the browser has read
 * all of them: what is looked at later comes last in the file.
 */
export async function mountPage(document: Document): Promise<void> {
  const place = element("div", { id: "cutaway" });
  document.body.style.margin = "0";
  document.body.prepend(place); // what the browser still reads comes behind
  try {
    const data = await inflated(textOf(document, "cutaway-data"));
    const envelope = envelopeOf(textOf(document, "cutaway-spec"));
    mount(place, () => decode(envelope, data, chunksOf(document)), {
      address: fragmentOf(window),
      scheme: null,
      ask: null,
      section: savedSections(document),
      alone: true,
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
