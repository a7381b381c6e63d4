import { element, type Child } from "../../parts/dom";

let made = 0;

/** A field under its own words; `hint` says what may stand in it. */
export function labelled(words: string, field: HTMLElement, hint = ""): HTMLElement {
  field.id ||= `field-${made++}`;
  const told = hint ? element("small", { id: `${field.id}-hint` }, hint) : null;
  if (told) field.setAttribute("aria-describedby", told.id);
  return element(
    "div",
    { class: "field" },
    element("label", { for: field.id }, words),
    field,
    told,
  );
}

/** A box to tick, its words beside it. */
export function ticked(words: string, box: HTMLInputElement): HTMLElement {
  return element("label", { class: "field-tick" }, box, element("span", {}, words));
}

export function textField(value = "", placeholder = ""): HTMLInputElement {
  const field = element("input", { type: "text", placeholder: placeholder || null });
  field.autocomplete = "off";
  field.spellcheck = false;
  field.value = value;
  return field;
}

/** A number, or nothing: then the field says with a placeholder what holds. */
export function numberField(
  value: string,
  placeholder: string,
  [low, high, step]: readonly [number, number | null, number | "any"],
): HTMLInputElement {
  const field = element("input", { type: "number", min: low, max: high, step, placeholder });
  field.autocomplete = "off";
  field.value = value;
  return field;
}

/** The number in a field, null where it is empty. */
export function numberIn(field: HTMLInputElement): number | null {
  return field.value.trim() === "" ? null : Number(field.value);
}

export function choiceField(
  options: readonly (readonly [value: string, words: string])[],
  value = "",
): HTMLSelectElement {
  const field = element(
    "select",
    {},
    ...options.map(([name, words]) => element("option", { value: name }, words)),
  );
  field.value = value;
  if (field.selectedIndex < 0) field.selectedIndex = 0;
  return field;
}

/** A form that is never sent by the browser: `send` hears Enter and the button. */
export function form(label: string, send: () => void, ...children: Child[]): HTMLFormElement {
  const node = element("form", { "aria-label": label }, ...children);
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  return node;
}

/** The button that sends a form. */
export function sender(words: string): HTMLButtonElement {
  return element("button", { type: "submit", class: "is-main" }, words);
}
