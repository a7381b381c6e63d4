import { paintOf } from "../../parts/ramp";
import type { Scheme } from "../../parts/theme";
import type { Grid } from "../../spec/spec";

/** Every thumbnail at its own size, layers down, heads across; `full` is the strongest weight. */
export function paintAtlas(
  atlas: HTMLCanvasElement,
  grid: Grid,
  scheme: Scheme,
  full: number,
): void {
  const [layers, heads, down, across] = grid.shape as [number, number, number, number];
  [atlas.width, atlas.height] = [heads * across, layers * down];
  const brush = atlas.getContext("2d");
  if (!brush) return;
  const image = brush.createImageData(atlas.width, atlas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const shades = shadesOf(scheme, full);
  const { data } = grid;
  const width = heads * across;
  let i = 0;
  for (let layer = 0; layer < layers; layer++)
    for (let head = 0; head < heads; head++)
      for (let row = 0; row < down; row++) {
        let at = (layer * down + row) * width + head * across;
        for (let col = 0; col < across; col++) pixels[at++] = shades[data[i++]!]!;
      }
  brush.putImageData(image, 0, 0);
}

/** The paint of each level as a pixel: little-endian, red first. */
function shadesOf(scheme: Scheme, full: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, level) => {
    const [red, green, blue] = paintOf("clay", scheme, level / 255 / Math.sqrt(full))!.rgb;
    return (255 << 24) | (blue! << 16) | (green! << 8) | red!;
  });
}
