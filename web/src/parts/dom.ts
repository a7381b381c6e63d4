/** Building elements. Text goes in as text only: tokens are hostile and are never parsed. */

export type Child = Node | string | null;

type Attributes = Readonly<Record<string, string | number | boolean | null>>;

/** An element with attributes (null or false: left out, true: empty) and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** A button that says whether it is pressed when `pressed` is given. */
export function button(label: string, onClick: () => void, pressed?: boolean): HTMLButtonElement {
  const node = element("button", { type: "button" }, label);
  if (pressed !== undefined) press(node, pressed);
  node.addEventListener("click", onClick);
  return node;
}

export function press(node: HTMLElement, pressed: boolean): void {
  node.setAttribute("aria-pressed", String(pressed));
}

/** Longer labels get a box that scrolls: a hostile token may fill screens. */
const LONG = 80;

/** A token's label as the small mono chip used in sentences and tables. */
export function chip(label: string, style: "" | "in" | "out" = ""): HTMLElement {
  const classes = [style && `chip-${style}`, label.length > LONG && "is-long"].filter(Boolean);
  return element("code", { class: classes.join(" ") || null, dir: "ltr" }, label);
}

/**
 * Says whether a button can be pressed. It keeps the keyboard, which a disabled one would lose;
 * what it does must do no harm where it can't be pressed.
 */
export function enable(node: HTMLElement, on: boolean): void {
  node.setAttribute("aria-disabled", String(!on));
}
