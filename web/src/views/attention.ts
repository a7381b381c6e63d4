import { provenance, sentence } from "../parts/card";
import { masthead } from "../parts/masthead";
import type { AttentionHeader } from "../spec/headers";
import type { Spec } from "../spec/spec";
import { element } from "../parts/dom";
import { AttentionPage } from "./attention/page";
import type { View } from "./host";

/** Attention: every head of the model as a thumbnail, one enlarged, one token's numbers. */
export const attentionView: View = (anySpec, root, host) => {
  const spec = anySpec as Spec<AttentionHeader>;
  const page = new AttentionPage(spec, host);
  const board = element("main", { class: "board" }, ...page.cards, provenance(spec.header));
  page.cards[0]!.append(sentence(spec.header.sentence) ?? "");
  root.append(masthead(spec.header, host.theme), board);
  page.start();
  const stop = host.theme.subscribe(() => page.recolour());
  return () => {
    stop();
    page.dispose();
    root.replaceChildren();
  };
};
