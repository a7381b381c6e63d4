import { SpecError } from "../spec/spec";
import { alignmentView } from "./alignment";
import { anatomyView } from "./anatomy";
import { attentionView } from "./attention";
import { attentionNeuronView } from "./attention_neuron";
import { candidatesView } from "./candidates";
import { compareView } from "./compare";
import { compareAttentionView } from "./compare_attention";
import { compareExpertsView } from "./compare_experts";
import { watchView } from "./watch";
import { pairsView } from "./pairs";
import { neuronsView } from "./neurons";
import { classesView } from "./classes";
import { clustersView } from "./clusters";
import { deletionView } from "./deletion";
import { embedView } from "./embed";
import { expertsView } from "./experts";
import { exploreView } from "./explore";
import { factorsView } from "./factors";
import type { View } from "./host";
import { lensView } from "./lens";
import { pointsView } from "./points";
import { reportView } from "./report";
import { saliencyView } from "./saliency";
import { walkView } from "./walk";

/** The views by the kind of Spec they draw. A new view is a file and a row here. */
const KINDS: Readonly<Record<string, View>> = {
  logit_lens: lensView,
  candidates: candidatesView,
  anatomy: anatomyView,
  watch: watchView,
  pairs: pairsView,
  neurons: neuronsView,
  clusters: clustersView,
  factors: factorsView,
  experts: expertsView,
  attention: attentionView,
  alignment: alignmentView,
  compare: compareView,
  compare_attention: compareAttentionView,
  compare_experts: compareExpertsView,
  attention_neuron: attentionNeuronView,
  classes: classesView,
  saliency: saliencyView,
  deletion: deletionView,
  walk: walkView,
  embed: embedView,
  points: pointsView,
  explore: exploreView,
  report: reportView,
};

export function viewOf(kind: string): View {
  const view = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (!view) {
    const known = Object.keys(KINDS).join(", ");
    throw new SpecError(
      `This page can't draw a picture of the kind "${kind}"; it knows ${known}. ` +
        "Save it again with the Cutaway that opens it.",
    );
  }
  return view;
}
