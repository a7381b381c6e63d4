import { aligned, gridOf } from "../spec/decode";
import { SpecError } from "../spec/spec";
import type { Grid } from "../spec/spec";
import type { Ask } from "../views/host";

/** Milliseconds without an answer until that is said: a kernel may be busy with another cell. */
export const ANSWER_TIMEOUT = 30_000;
/** The same for what Python computes when it is asked: a lens, a walk, drawn continuations. */
export const LONG_PATIENCE = 600_000;
const COMPUTED: ReadonlySet<string> = new Set(["section", "account", "walk", "sample", "ramble"]);

function unanswered(patience: number): string {
  return (
    `The notebook's kernel has not answered for ${patience / 1000} seconds: it is busy or ` +
    "stopped. Wait until it is free and try again, or run the cell again."
  );
}

/** The part of anywidget's model that carries messages. https://anywidget.dev/en/afm/ */
export interface Channel {
  send(content: unknown): void;
  on(event: "msg:custom", listener: (content: unknown, buffers: DataView[]) => void): void;
  off(event: "msg:custom", listener: (content: unknown, buffers: DataView[]) => void): void;
}

interface Answer {
  readonly id: number;
  readonly problem?: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

interface Waiting {
  readonly what: string;
  resolve(grid: Grid): void;
  reject(error: SpecError): void;
}

/** Asks Python over a widget's channel: a question has a number, and its answer the same. */
export function asking(channel: Channel): { readonly ask: Ask; stop(): void } {
  const waiting = new Map<number, Waiting>();
  let asked = 0;
  const hear = (content: unknown, buffers: DataView[]): void => {
    const answer = content as Answer;
    const question = waiting.get(answer.id);
    if (!question) return;
    waiting.delete(answer.id);
    try {
      question.resolve(read(question.what, answer, buffers));
    } catch (error) {
      question.reject(error as SpecError);
    }
  };
  channel.on("msg:custom", hear);
  return {
    ask: (question) => {
      const id = asked++;
      const answer = new Promise<Grid>((resolve, reject) => {
        waiting.set(id, { what: question.what, resolve, reject });
      });
      const patience = COMPUTED.has(question.what) ? LONG_PATIENCE : ANSWER_TIMEOUT;
      const timer = setTimeout(() => {
        waiting.get(id)?.reject(new SpecError(unanswered(patience)));
        waiting.delete(id);
      }, patience);
      channel.send({ ...question, id });
      return answer.finally(() => clearTimeout(timer));
    },
    stop: () => {
      channel.off("msg:custom", hear);
      for (const { reject } of waiting.values()) reject(new SpecError("The picture was closed."));
      waiting.clear();
    },
  };
}

function read(what: string, { problem, dtype, shape }: Answer, buffers: DataView[]): Grid {
  if (problem !== undefined) throw new SpecError(problem);
  const { buffer, byteOffset, byteLength } = buffers[0]!;
  const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  return gridOf(what, dtype, shape, aligned(bytes), 0);
}
