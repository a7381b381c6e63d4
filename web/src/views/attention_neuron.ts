import type { AttentionNeuronHeader } from "../spec/attention_neuron";
import { NeuronPage } from "./attention_neuron/page";
import { pageView } from "./page";

/** One head, number by number: any token's query against every key it can see. */
export const attentionNeuronView = pageView<AttentionNeuronHeader>(
  (spec, host) => new NeuronPage(spec, host),
);
