import { SpecError } from "./spec";

const DAMAGED = "The picture's numbers are damaged. Save the page again.";

/** The bytes of base64 of raw deflate, as render/page.py wrote them. */
export async function inflated(text: string): Promise<Uint8Array> {
  if (!("DecompressionStream" in globalThis)) {
    throw new SpecError(
      "This browser is too old for this page: it can't unpack its numbers " +
        "(DecompressionStream is missing). Open it in a browser of 2023 or later.",
    );
  }
  try {
    const stream = new Blob([bytesOf(text)])
      .stream()
      .pipeThrough(new DecompressionStream("deflate-raw"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new SpecError(DAMAGED);
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  // In browsers since 2025, and several times as fast.
  if ("fromBase64" in Uint8Array) return (Uint8Array as unknown as Decoder).fromBase64(base64);
  const characters = atob(base64);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < characters.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/** What the type library does not know yet. */
interface Decoder {
  fromBase64(text: string): Uint8Array<ArrayBuffer>;
}
