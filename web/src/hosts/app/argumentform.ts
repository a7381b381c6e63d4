import { element } from "../../parts/dom";
import { choiceField, form, labelled, numberField, sender, textField } from "./fields";
import type { Argument, Lens } from "./lenses";
import type { Pairs } from "./route";

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** The arguments of a lens, folded away unless one is needed; null where it has none. */
export function argumentForm(
  lens: Lens,
  given: Pairs,
  send: (given: Pairs) => void,
): HTMLElement | null {
  if (!lens.arguments.length) return null;
  const fields = lens.arguments.map((argument) => [argument, fieldOf(argument, given)] as const);
  const node = form(
    "Arguments",
    () => {
      const pairs = fields.flatMap(([argument, field]) => said(argument, field.value));
      const others = given.filter(([name]) => !lens.arguments.some((known) => known.name === name));
      send([...pairs, ...others]);
    },
    element(
      "div",
      { class: "fields" },
      ...fields.map(([{ words, hint }, field]) => labelled(words, field, hint)),
    ),
    sender("Compute"),
  );
  const missing = lens.needs !== undefined && !given.some(([name]) => name === lens.needs);
  return element(
    "details",
    { class: "app-options", open: missing || given.length > 0 },
    element("summary", {}, "Arguments"),
    node,
  );
}

function fieldOf({ name, form }: Argument, given: Pairs): Field {
  const values = given.filter(([said]) => said === name).map(([, value]) => value);
  const value = values[0] ?? "";
  if (form === "whole") return numberField(value, "as it comes", [-999_999, 999_999, 1]);
  if (form === "text") return textField(value, "as it comes");
  if (form === "texts") {
    const field = element("textarea", { rows: 3 });
    field.spellcheck = false;
    field.value = values.join("\n");
    return field;
  }
  return choiceField(
    form.map((option) => [option, option]),
    value,
  );
}

/** What a field says as pairs: nothing where it is empty or says what holds anyway. */
function said({ name, form }: Argument, value: string): Pairs {
  if (form === "texts") {
    return value
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => [name, line]);
  }
  const isStart = typeof form !== "string" && value === form[0];
  return value === "" || isStart ? [] : [[name, value]];
}
