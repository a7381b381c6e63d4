import type { Chunk } from "./chunks";
import { decode } from "./decode";
import { SpecError, type Spec } from "./spec";

const DAMAGED =
  "This picture is cut off on its way here. Ask for it again, or save the page again.";
/** Bytes of the length in front; the data begin at a multiple of `ALIGN`. */
const HEAD = 4;
const ALIGN = 8;

/**
 * The Spec in a packet: the length of the envelope, the envelope, the data. Twin of
 * render/packet.py. `chunk` is asked for the rest of the data when it is looked at.
 */
export function unpacked(bytes: Uint8Array, chunk: Chunk): Spec {
  if (bytes.length < HEAD) throw new SpecError(DAMAGED);
  const end = HEAD + new DataView(bytes.buffer, bytes.byteOffset, HEAD).getUint32(0, true);
  if (end > bytes.length) throw new SpecError(DAMAGED);
  return decode(
    envelopeOf(bytes.subarray(HEAD, end)),
    bytes.subarray(Math.ceil(end / ALIGN) * ALIGN),
    chunk,
  );
}

function envelopeOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new SpecError(DAMAGED);
  }
}
