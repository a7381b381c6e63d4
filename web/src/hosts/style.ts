import base from "../parts/style.css?inline";
import controls from "../parts/controls.css?inline";
import forced from "../parts/forced.css?inline";
import grid from "../parts/grid.css?inline";
import lines from "../parts/lines.css?inline";
import masthead from "../parts/masthead.css?inline";
import print from "../parts/print.css?inline";
import provenance from "../parts/provenance.css?inline";
import readout from "../parts/readout.css?inline";
import save from "../parts/save.css?inline";
import strip from "../parts/strip.css?inline";
import tables from "../parts/tables.css?inline";
import anatomy from "../views/anatomy/style.css?inline";
import attention from "../views/attention/style.css?inline";
import attentionNeuron from "../views/attention_neuron/style.css?inline";
import classes from "../views/classes/style.css?inline";
import compare from "../views/compare/style.css?inline";
import compareAttention from "../views/compare_attention/style.css?inline";
import compareExperts from "../views/compare_experts/style.css?inline";
import embed from "../views/embed/style.css?inline";
import experts from "../views/experts/style.css?inline";
import explore from "../views/explore/style.css?inline";
import factors from "../views/factors/style.css?inline";
import pairs from "../views/pairs/style.css?inline";
import points from "../views/points/style.css?inline";
import report from "../views/report/style.css?inline";
import saliency from "../views/saliency/style.css?inline";
import walk from "../views/walk/style.css?inline";
import watch from "../views/watch/style.css?inline";

const PARTS = [base, masthead, controls, provenance, strip, grid, lines, readout, save, tables];
const VIEWS = [
  anatomy,
  attention,
  attentionNeuron,
  classes,
  compare,
  compareAttention,
  compareExperts,
  embed,
  experts,
  explore,
  factors,
  pairs,
  points,
  report,
  saliency,
  walk,
  watch,
];

/** The styles of the parts, of each view (its own are in views/<view>/style.css), of forced colours and of paper. */
export const style = [...PARTS, ...VIEWS, forced, print].join("\n");
