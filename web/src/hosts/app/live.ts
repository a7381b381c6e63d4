import { aligned, gridOf } from "../../spec/decode";
import { unpacked } from "../../spec/packet";
import { SpecError, type Grid, type Spec } from "../../spec/spec";
import type { Ask, Question } from "../../views/host";
import { isAbort, type Api } from "./api";

/** Where a picture of the server comes from, and where its questions go. */
export interface Source {
  readonly packet: string;
  /** Gives, quickly, what is looked at first: so many columns, one position among them. */
  readonly first?: (columns: number, at: string | null) => string;
  readonly ask: string;
}

/** The picture's Spec; its chunks are asked for when they are looked at. */
export async function fetched(
  api: Api,
  source: Source,
  signal: AbortSignal,
  packet = source.packet,
): Promise<Spec> {
  const { bytes } = await api.bytes("GET", packet, undefined, signal);
  return unpacked(bytes, chunkOf(asker(api, source, signal)));
}

/** Asks the picture's view on the server; what is asked when the picture has gone is given up. */
export function asker(api: Api, source: Source, signal: AbortSignal): Ask {
  return async (question) => {
    try {
      const { bytes, headers } = await api.bytes("POST", source.ask, question, signal);
      return gridIn(question.what, bytes, headers);
    } catch (error) {
      if (isAbort(error)) return new Promise<never>(() => {}); // nobody is left to be told
      throw error;
    }
  };
}

function chunkOf(ask: Ask): (array: string, index: number) => Promise<Uint8Array> {
  return async (array, index) => {
    const question: Question = { what: "chunk", array, index };
    return (await ask(question)).data as Uint8Array;
  };
}

function gridIn(what: string, bytes: Uint8Array, headers: Headers): Grid {
  const [dtype, shape] = [headers.get("X-Dtype"), headers.get("X-Shape")];
  if (dtype === null || shape === null || !/^\d*(,\d+)*$/.test(shape)) {
    throw new SpecError(`The server's answer to "${what}" does not say what its numbers are.`);
  }
  const sizes = shape === "" ? [] : shape.split(",").map(Number);
  return gridOf(what, dtype, sizes, aligned(bytes), 0);
}
