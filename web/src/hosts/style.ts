import base from "../parts/style.css?inline";
import grid from "../parts/grid.css?inline";
import lines from "../parts/lines.css?inline";
import readout from "../parts/readout.css?inline";
import save from "../parts/save.css?inline";
import strip from "../parts/strip.css?inline";
import tables from "../parts/tables.css?inline";
import anatomy from "../views/anatomy/style.css?inline";
import attention from "../views/attention/style.css?inline";
import attentionNeuron from "../views/attention_neuron/style.css?inline";
import compare from "../views/compare/style.css?inline";
import compareAttention from "../views/compare_attention/style.css?inline";
import explore from "../views/explore/style.css?inline";
import factors from "../views/factors/style.css?inline";
import pairs from "../views/pairs/style.css?inline";
import saliency from "../views/saliency/style.css?inline";
import walk from "../views/walk/style.css?inline";
import watch from "../views/watch/style.css?inline";

const PARTS = [base, strip, grid, lines, readout, save, tables];
const VIEWS = [
  anatomy,
  attention,
  attentionNeuron,
  compare,
  compareAttention,
  explore,
  factors,
  pairs,
  saliency,
  walk,
  watch,
];

/** The styles of the parts, then of each view: a view's own are in views/<view>/style.css. */
export const style = [...PARTS, ...VIEWS].join("\n");
