import type { Choices } from "../../parts/choices";
import type { Cell as Entry, Saved } from "../../parts/savepicture";
import { paletteOf } from "../../parts/theme";
import type { Shown, StepGrid } from "./grid";
import { isVector } from "./layout";

/** What is on screen, for a file: the grid as it is scrolled, and the numbers of all its rows. */
export function saved(shown: Shown, grid: StepGrid, choices: Choices): Saved {
  const { head, row } = shown.numbers;
  const { header } = head;
  const asks = `${header.inputs[row.query]!} (position ${header.positions[row.query]!})`;
  const model = header.provenance.filter(([name]) => name === "model").map(([, value]) => value);
  const early = choices.get("vectors") === "before" ? "; query and key before rotary" : "";
  return {
    sheet: {
      title: `Layer ${header.layer}, head ${header.head}: the query of ${asks}`,
      words: [
        `Clay is positive, teal negative, shaded by the square root${early}.`,
        [...model, "Cutaway"].join(" · "),
      ],
      keys: [],
      plates: [{ caption: "", plate: grid.plate() }],
      palette: paletteOf(grid.element),
    },
    name: `attention-layer${header.layer}-head${header.head}-at${header.positions[row.query]!}`,
    rows: () => rows(shown),
  };
}

/** A line for each key in the order drawn; a column for each number of the blocks drawn. */
function* rows({ numbers, blocks, keys, entries }: Shown): Iterable<readonly Entry[]> {
  const { inputs, positions } = numbers.head.keys;
  const columns = blocks.flatMap((block) =>
    isVector(block)
      ? entries(block).map((entry) => ({ block, entry, name: `${block}[${entry}]` }))
      : [{ block, entry: 0, name: block as string }],
  );
  yield ["position", "token", ...columns.map(({ name }) => name)];
  for (const key of keys) {
    const values = columns.map(({ block, entry }) => numbers.value({ key, block, entry }));
    yield [positions[key]!, inputs[key]!, ...values];
  }
}
