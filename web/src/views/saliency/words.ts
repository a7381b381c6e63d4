import type { SaliencyHeader } from "../../spec/headers";

/** Whether one answer of the whole text is explained, as a classifier's is, and no token of it. */
function isOfText({ masked, targets, inputs }: SaliencyHeader): boolean {
  return masked === true && targets.length === 1 && targets[0] === inputs.length;
}

/** What the colours are and how another target is reached. */
export function hint(header: SaliencyHeader): string {
  if (isOfText(header)) {
    return "Each token is coloured by its share in the answer, the largest in full.";
  }
  const [target, sources] = header.masked
    ? ["that is explained", "each token "]
    : ["that was said", `each token before it ${header.source ? "and of the source " : ""}`];
  const unsaid = !header.masked && header.targets.at(-1) === header.inputs.length;
  const marked = unsaid || header.produced.some(Boolean);
  const produced = marked ? " Underlined: produced by the model." : "";
  return (
    `Hover a token ${target}, or reach it with ← →: ${sources}` +
    `is coloured by its share, the largest in full. Click or Enter pins it, Esc lets go.${produced}`
  );
}

/** What is said where the token picked on the page, at a position, has no saliency here. */
export function notExplained(header: SaliencyHeader, at: number | null): string[] | null {
  if (at === null || isOfText(header)) return null;
  const target = at + (header.masked ? 0 : 1);
  if (header.targets.includes(target)) return null;
  const picked = `The token that is picked, ${header.inputs[target] ?? "the next one"} at ${target}`;
  const call = `ct.saliency(trace, targets=[${target}])`;
  return [`${picked}, is none of those explained here: ${call} explains it.`];
}
