import { OUTPUT, QUERY, SINK, type Block, type Cell } from "./layout";

/** Cells that belong to another: of a row, or of every row (null); one entry, or all (null). */
export interface Linked {
  readonly key: number | null;
  readonly block: Block;
  readonly entry: number | null;
}

/** What a cell is computed from. */
export function inputsOf({ key, block, entry }: Cell): Linked[] {
  if (key === QUERY || block === "key" || block === "value") return [];
  if (key === OUTPUT) return [{ key: null, block: "weighted", entry }];
  if (key === SINK) return block === "weight" ? everyScore() : [];
  switch (block) {
    case "product":
      return [
        { key: QUERY, block: "product", entry },
        { key: QUERY, block: "key", entry },
        { key, block: "key", entry },
      ];
    case "dot":
      return [{ key, block: "product", entry: null }];
    case "score":
      return [{ key, block: "dot", entry: 0 }];
    case "weight":
      return everyScore();
    case "weighted":
      return [
        { key, block: "weight", entry: 0 },
        { key, block: "value", entry },
      ];
  }
}

/** Softmax: every score of the row has its part in each weight. */
function everyScore(): Linked[] {
  return [
    { key: null, block: "score", entry: 0 },
    { key: SINK, block: "score", entry: 0 },
  ];
}
