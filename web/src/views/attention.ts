import type { AttentionHeader } from "../spec/headers";
import { AttentionPage } from "./attention/page";
import { pageView } from "./page";

/** Attention: every head of the model, or the heads of one layer, and one token's numbers. */
export const attentionView = pageView<AttentionHeader>(
  (spec, host) => new AttentionPage(spec, host),
);
