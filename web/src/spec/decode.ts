import { ChunkedRows, type Chunk } from "./chunks";
import { Grid, SpecError, VERSION, type Header, type Numbers, type Rows, type Spec } from "./spec";

/** Where an array lies: at an offset in the data, or in chunks of so many rows of its own. */
interface Layout {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly offset?: number;
  readonly rows?: number;
}

type Maker = new (buffer: ArrayBuffer, offset: number, length: number) => Numbers;

/** The array types of view/spec.py; all are little-endian, as every browser's machine is. */
const MAKERS: Readonly<Record<string, Maker>> = {
  float32: Float32Array,
  int32: Int32Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
};

const WORDS = ["title", "heading", "about"] as const;
const LISTS = ["sentence", "provenance", "notes"] as const;

/**
 * The Spec in an envelope and its data; what is not as it should be is said in words. `chunk` is
 * asked for the rest of the data when it is looked at.
 */
export function decode(envelope: unknown, data: Uint8Array, chunk: Chunk): Spec {
  if (!isRecord(envelope)) throw new SpecError("This page holds no picture.");
  const { version, kind, header, arrays } = envelope;
  if (version !== VERSION) {
    throw new SpecError(
      `This picture has version ${String(version)}, but this page reads version ${VERSION}. ` +
        "Save it again with the Cutaway that opens it.",
    );
  }
  if (typeof kind !== "string") throw new SpecError("This picture does not say its kind.");
  if (!Array.isArray(arrays)) throw new SpecError("This picture has no list of its arrays.");
  const layouts = arrays as readonly Layout[];
  return {
    kind,
    header: readHeader(header),
    arrays: readArrays(layouts, aligned(data)),
    later: readLater(layouts, chunk),
  };
}

function readHeader(header: unknown): Header {
  if (!isRecord(header)) throw new SpecError("This picture has no header.");
  for (const name of WORDS) {
    if (typeof header[name] !== "string") throw new SpecError(`The header has no ${name}.`);
  }
  for (const name of LISTS) {
    if (!Array.isArray(header[name])) throw new SpecError(`The header has no ${name}.`);
  }
  return header as unknown as Header;
}

function readArrays(layouts: readonly Layout[], data: ArrayBuffer): Record<string, Grid> {
  const grids: Record<string, Grid> = {};
  for (const { name, dtype, shape, offset } of layouts) {
    if (offset !== undefined) grids[name] = gridOf(name, dtype, shape, data, offset);
  }
  return grids;
}

function readLater(layouts: readonly Layout[], chunk: Chunk): Record<string, Rows> {
  const found: Record<string, Rows> = {};
  for (const { name, dtype, shape, rows } of layouts) {
    if (rows === undefined) continue;
    const read = (bytes: Uint8Array, part: readonly number[]): Grid =>
      gridOf(name, dtype, part, aligned(bytes), 0);
    found[name] = new ChunkedRows(name, shape, rows, read, chunk);
  }
  return found;
}

/** The array of a type and shape that begins at an offset; all are in row-major order. */
export function gridOf(
  name: string,
  dtype: string,
  shape: readonly number[],
  data: ArrayBuffer,
  offset: number,
): Grid {
  const Maker = Object.hasOwn(MAKERS, dtype) ? MAKERS[dtype] : undefined;
  if (!Maker) throw new SpecError(`The array "${name}" is ${dtype}, which this page can't read.`);
  const length = shape.reduce((product, size) => product * size, 1);
  try {
    return new Grid(new Maker(data, offset, length), shape);
  } catch {
    throw new SpecError(
      `The array "${name}" is cut off: the file is damaged. Save the picture again.`,
    );
  }
}

/** The bytes in a buffer of their own, so that every 8-aligned offset stays aligned. */
export function aligned(data: Uint8Array): ArrayBuffer {
  return new Uint8Array(data).buffer;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
