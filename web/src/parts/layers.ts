/** How layers and neurons are printed. Twin of core/axes.py: layer_name, neuron_name. */

/** The state that enters block 0 on the layer axis. */
export const INPUT_LAYER = -1;

export function layerName(layer: number): string {
  return layer === INPUT_LAYER ? "in" : String(layer);
}

/** Back from its name. */
export function layerNumber(name: string): number {
  return name === "in" ? INPUT_LAYER : Number(name);
}

/** A state in short, as rows are labelled: "3", or "3 mid" for the one inside layer 3. */
export function stateName(layer: number, inside: boolean): string {
  return inside ? `${layerName(layer)} mid` : layerName(layer);
}

/** What a state is, in a phrase: "after layer 3", "the input, before layer 0". */
export function layerWords(layer: number, inside = false): string {
  if (layer === INPUT_LAYER) return "the input, before layer 0";
  return inside ? `inside layer ${layer}, between attention and MLP` : `after layer ${layer}`;
}

/**
 * A neuron: its number, or in a mixture its expert and its number there. `expert` is -1 for a
 * neuron of no expert; `own` is its number there, another one beside experts.
 */
export function neuronName(neuron: number, expert = -1, own = neuron): string {
  if (expert >= 0) return `expert ${expert} · ${own}`;
  return own === neuron ? String(neuron) : `shared · ${own}`;
}
