/**
 * What a picture that is drawn again takes over from the one before it: how far its parts are
 * scrolled, and what has the focus. Called before; what it returns is called after.
 */
export function keepScrollAndFocus(place: HTMLElement): () => void {
  // Without it the window would scroll up while nothing stands here.
  place.style.minHeight = `${place.offsetHeight}px`;
  const scrolled = [...place.querySelectorAll("*")]
    .filter((node) => node.scrollLeft || node.scrollTop)
    .map((node) => ({ way: wayTo(node, place), left: node.scrollLeft, top: node.scrollTop }));
  const active = place.ownerDocument.activeElement;
  const focused =
    active && active !== place && place.contains(active) ? wayTo(active, place) : null;
  return () => {
    place.style.minHeight = "";
    for (const { way, left, top } of scrolled) at(place, way)?.scrollTo({ left, top });
    if (focused) (at(place, focused) as HTMLElement | null)?.focus({ preventScroll: true });
  };
}

/** Which child of which child it is, from the outside in. */
function wayTo(node: Element, place: Element): number[] {
  const way: number[] = [];
  for (let one: Element = node; one !== place; one = one.parentElement!) {
    way.unshift([...one.parentElement!.children].indexOf(one));
  }
  return way;
}

function at(place: Element, way: readonly number[]): Element | null {
  return way.reduce<Element | null>((node, index) => node?.children[index] ?? null, place);
}
