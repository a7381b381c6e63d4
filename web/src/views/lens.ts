import { bindAddress, stateOf } from "../parts/address";
import { masthead } from "../parts/masthead";
import { createStore, type State } from "../parts/selection";
import type { LensHeader } from "../spec/headers";
import type { Spec } from "../spec/spec";
import type { View } from "./host";
import { LensCells } from "./lens/cells";
import { LensPage } from "./lens/page";
import { initialState, permitted } from "./lens/state";

/** The logit lens: what the model would say if it stopped after each layer. */
export const lensView: View = (spec, root, host) => {
  const cells = new LensCells(spec as Spec<LensHeader>);
  const initial = initialState(cells.header);
  const allowed = (change: Partial<State>): Partial<State> => permitted(cells, initial, change);
  const store = createStore(initial, host.address ? allowed(stateOf(host.address.read())) : {});
  const page = new LensPage(cells, store, host);
  root.append(masthead(cells.header, host.theme), page.element);
  page.show(store.state, null);
  const stops = [
    store.subscribe((now, before) => page.show(now, before)),
    host.theme.subscribe(() => page.recolour()),
    host.address ? bindAddress(store, host.address, allowed) : () => {},
  ];
  return () => {
    for (const stop of stops) stop();
    page.dispose();
    root.replaceChildren();
  };
};
