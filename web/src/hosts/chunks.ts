import type { Chunk } from "../spec/chunks";
import { inflated } from "../spec/inflate";
import { SpecError } from "../spec/spec";

/** The chunks of a saved page: an inert element each, which the browser may still be reading. */
export function chunksOf(document: Document): Chunk {
  return (name, index) =>
    partOf(document, `${name}-${index}`, `the numbers "${name}" (part ${index})`);
}

/** The bytes in the element `cutaway-ID` of a saved page; `what` it is, in words. */
export async function partOf(document: Document, id: string, what: string): Promise<Uint8Array> {
  const node = await whole(document, `cutaway-${id}`);
  if (!node) {
    throw new SpecError(`This page ends before ${what}: it is not whole. Save it again.`);
  }
  return inflated(node.textContent);
}

/** An element once all of it is read, or null where the document ends without it. */
async function whole(document: Document, id: string): Promise<Element | null> {
  for (;;) {
    const node = document.getElementById(id);
    // What the browser is still reading has no next one behind it.
    if (node?.nextElementSibling?.localName === "script") return node;
    if (document.readyState !== "loading") return node;
    await more(document);
  }
}

/** When the document has grown or ended. */
function more(document: Document): Promise<void> {
  return new Promise((resolve) => {
    const observer = new MutationObserver(done);
    observer.observe(document.body, { childList: true });
    document.addEventListener("DOMContentLoaded", done);
    function done(): void {
      observer.disconnect();
      document.removeEventListener("DOMContentLoaded", done);
      resolve();
    }
  });
}
