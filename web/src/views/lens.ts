import type { LensHeader } from "../spec/headers";
import { LensCells } from "./lens/cells";
import { LensPage } from "./lens/page";
import { LensState } from "./lens/state";
import { pageView } from "./page";

/** The logit lens: what the model would say if it stopped after each layer. */
export const lensView = pageView<LensHeader>((spec, host) => {
  return new LensPage(new LensCells(spec), new LensState(spec.header, host), host);
});
