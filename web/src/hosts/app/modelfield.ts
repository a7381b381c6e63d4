import { element } from "../../parts/dom";
import { choiceField } from "./fields";
import type { Model, State } from "./records";
import type { Server } from "./server";
import { size, short } from "./words";

const STATES: Readonly<Record<Model["state"], string>> = {
  waiting: "waits to be loaded",
  loading: "is loading",
  ready: "is ready",
  failed: "could not be loaded",
  dropped: "made room for another, and comes back when it is asked",
};

/** What a model is doing, in words. */
export function stateWords({ state, queue, bytes }: Model): string {
  const parts = [STATES[state]];
  if (state === "ready" && bytes > 0) parts.push(size(bytes));
  if (queue > 0) parts.push(`${queue} waiting`);
  return parts.join(" · ");
}

/** A model's name, and what tells it from another one of that name. */
export function nameOf({ name, revision, dtype }: Model): string {
  return [name, revision, dtype].filter(Boolean).join(" · ");
}

/** How full the memory for models is. */
export function memoryWords({ used, budget }: State): string {
  return `${size(used)} of ${size(budget)}`;
}

/** A list of the models that can be asked, kept as the server has them; `.value` is a key. */
export class ModelField {
  readonly field = choiceField([["", "no model yet"]]);
  readonly told = element("p", { class: "about app-model", role: "status" });
  private readonly stop: () => void;

  constructor(
    private readonly server: Server,
    private wanted: string,
  ) {
    this.field.addEventListener("change", () => {
      this.wanted = this.field.value;
      this.draw();
    });
    this.stop = server.subscribe(() => this.draw());
    this.draw();
  }

  get value(): string {
    return this.field.value;
  }

  get model(): Model | null {
    return this.server.models.find(({ key }) => key === this.value) ?? null;
  }

  dispose(): void {
    this.stop();
  }

  private draw(): void {
    const { models, state } = this.server;
    const lines = models.map(
      (model) => [model.key, nameOf({ ...model, name: short(model.name) })] as const,
    );
    if (!sameLines(this.field, lines)) {
      this.field.replaceChildren(
        ...lines.map(([key, words]) => element("option", { value: key }, words)),
      );
      if (!lines.length) this.field.append(element("option", { value: "" }, "no model yet"));
    }
    const wanted = [this.wanted, state?.default_model ?? "", models[0]?.key ?? ""];
    this.field.value = wanted.find((key) => models.some((model) => model.key === key)) ?? "";
    this.field.disabled = !lines.length;
    const { model } = this;
    const failed = state?.models.find((found) => found.state === "failed");
    const words =
      model && state
        ? `It ${stateWords(model)}; all models take ${memoryWords(state)}.`
        : failed
          ? `${failed.name} could not be loaded: ${failed.problem} Add another under “Models”.`
          : "";
    if (this.told.textContent !== words) this.told.textContent = words;
  }
}

function sameLines(
  field: HTMLSelectElement,
  lines: readonly (readonly [string, string])[],
): boolean {
  const { options } = field;
  return (
    options.length === lines.length &&
    lines.every(([key, words], i) => options[i]!.value === key && options[i]!.text === words)
  );
}
