import { expect, test } from "vitest";
import type { AnatomyHeader, AnatomyPart } from "../src/spec/anatomy";
import { cellAt, EDGE, ownCount, stackOf } from "../src/views/anatomy/stack";

const part = (kind: string, path: string, each: number, more: Partial<AnatomyPart> = {}) => ({
  ...{ kind, label: kind, blocks: "", path, shapes: [`weight ${each}`], sizes: [each] },
  ...{ experts: null, tied: [], twins: [], each, count: each, ...more },
});

/** An embedding, blocks of an attention and an MLP three times as large, a norm, a tied end. */
function header(blocks: number, width: number): AnatomyHeader {
  const parts = [
    part("embedding", "embed", 5 * width),
    part("attention", "h.*.attn", width, { count: blocks * width, blocks: "all" }),
    part("mlp", "h.*.mlp", 3 * width, { count: 3 * blocks * width, blocks: "all" }),
    part("final norm", "norm", 1),
    part("unembedding", "head", 5 * width, { count: 0, each: 0, tied: ["embed.weight"] }),
  ];
  const inner = Array.from({ length: blocks }, (_, block) => ({ block, cells: [1, 2] }));
  const outer = (cell: number) => ({ block: null, cells: [cell] });
  return {
    ...{ title: "", heading: "", about: "", sentence: [], provenance: [], notes: [] },
    ...{ parts, tally: [], capabilities: [], total: 5 * width + 4 * blocks * width + 1 },
    stack: [outer(0), ...inner, outer(3), outer(4)],
  };
}

test.each([
  [2, 400],
  [30, 1000],
  [96, 320],
  [96, 1400],
])("areas are parameters, for %i blocks in %i pixels", (blocks, width) => {
  const model = header(blocks, 1000);
  const { rows } = stackOf(model, width);
  const areas = rows.flatMap(({ height, cells }) =>
    cells.filter(({ ghost }) => !ghost).map(({ part, width }) => (height * width) / ownCount(part)),
  );
  for (const area of areas) expect(area / areas[0]!).toBeCloseTo(1, 6);
  expect(rows.every(({ cells }) => cells.every(({ x }) => x >= EDGE.left && x < width))).toBe(true);
});

test("the embedding is the lowest row, and what is tied has no area", () => {
  const stack = stackOf(header(3, 1000), 600);
  const tops = stack.rows.map(({ y }) => y);
  expect(tops).toEqual([...tops].sort((a, b) => b - a));
  expect(stack.rows.at(-1)!.cells[0]!.ghost).toBe(true);
  expect(stack.ties).toEqual([[5, 0]]);
  const lowest = stack.rows[0]!;
  expect(stack.height).toBeCloseTo(lowest.y + lowest.height + 1);
});

test("a point is in the part that is drawn there", () => {
  const stack = stackOf(header(3, 1000), 600);
  for (const row of stack.rows) {
    for (const cell of row.cells) {
      const found = cellAt(stack, cell.x + cell.width / 2, row.y + row.height / 2);
      expect([found?.row, found?.cell]).toEqual([cell.row, cell.cell]);
    }
  }
  expect(cellAt(stack, 300, stack.height + 5)).toBeNull();
});

test("parameters of experts come last inside their part", () => {
  const shapes = ["experts.up 4 × 10 × 2", "gate 4 × 5", "experts.down 4 × 10 × 2"];
  const experts = { count: 4, parameters: 160, names: ["experts.up", "experts.down"] };
  const mlp = part("mlp", "mlp", 180, { shapes, sizes: [80, 20, 80], experts });
  const model = { ...header(1, 10), parts: [mlp], stack: [{ block: 0, cells: [0] }], total: 180 };
  const cell = stackOf(model, 500).rows[0]!.cells[0]!;
  expect(cell.bounds.map((bound) => Math.round(bound * 180))).toEqual([0, 20, 100, 180]);
  expect(cell.experts).toBeCloseTo(20 / 180);
});
