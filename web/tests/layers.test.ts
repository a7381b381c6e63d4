import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SOURCE = fileURLToPath(new URL("../src", import.meta.url));
/** One direction: a layer may import itself and those before it. */
const LAYERS = ["spec", "parts", "views", "hosts"];

const files = readdirSync(SOURCE, { recursive: true, encoding: "utf-8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => join(SOURCE, name));

/** The layer of a file; what lies beside the layers (main.ts) is above all. */
function layerOf(path: string): number {
  const layer = LAYERS.indexOf(relative(SOURCE, path).split(/[\\/]/)[0]!);
  return layer < 0 ? LAYERS.length : layer;
}

test.each(files.map((file) => [relative(SOURCE, file), file]))("%s", (_, file) => {
  const text = readFileSync(file, "utf-8");
  for (const [, target] of text.matchAll(/^(?:import|export|}).* from "([^"]+)";$/gm)) {
    expect(target, "no runtime dependencies").toMatch(/^\./);
    expect(layerOf(resolve(dirname(file), target!))).toBeLessThanOrEqual(layerOf(file));
  }
  expect(text, "tokens are never parsed as HTML").not.toMatch(
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b/,
  );
  expect(text.split("\n").length).toBeLessThan(300);
});
