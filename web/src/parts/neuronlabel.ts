import { arrayOf, type Spec } from "../spec/spec";
import { neuronName } from "./layers";

/** How the neuron at a place of a picture's arrays is printed; twin of view/experts.py. */
export function neuronLabel(spec: Spec, ...place: number[]): string {
  const neuron = arrayOf(spec, "neuron").at(...place);
  const [expert, own] = [spec.arrays["expert"], spec.arrays["expert_neuron"]];
  return expert && own
    ? neuronName(neuron, expert.at(...place), own.at(...place))
    : neuronName(neuron);
}
