import { card } from "../../parts/card";
import { button, element } from "../../parts/dom";
import { SpecError } from "../../spec/spec";
import { choiceField, form, labelled, sender, textField } from "./fields";
import { memoryWords, nameOf, stateWords } from "./modelfield";
import type { Model } from "./records";
import { emptyNode, link, headed, problemNode, single, type App, type Screen } from "./screen";

/** As the weights are stored, or as said. */
const DTYPES = [
  ["", "as stored"],
  ["float32", "float32"],
  ["bfloat16", "bfloat16"],
  ["float16", "float16"],
] as const;

/** The models: which are in memory, and how another one gets there. */
export function modelsScreen(app: App): Screen {
  return new Models(app);
}

class Models implements Screen {
  readonly title = "Models";
  readonly element = single();
  private readonly memory = element("div", { class: "app-memory" });
  private readonly list = element("ul", { class: "app-runs" });
  private readonly name = textField("", "openai-community/gpt2");
  private readonly offered = element("datalist", { id: "models-offered" });
  private readonly revision = textField("", "the newest");
  private readonly dtype = choiceField(DTYPES);
  private readonly wrong = element("div", { role: "status" });
  private readonly stop: () => void;
  private drawn = "";

  constructor(private readonly app: App) {
    const about =
      "Several models stay in memory up to a budget; when it is full, the one that was used " +
      "longest ago and does nothing is taken out.";
    this.name.setAttribute("list", this.offered.id);
    const add = form(
      "Add a model",
      () => void this.add(),
      element(
        "div",
        { class: "app-line" },
        labelled("hub id, or a model of the server's folders", this.name),
        this.offered,
        labelled("revision", this.revision),
        labelled("precision", this.dtype),
        sender("Add"),
      ),
      this.wrong,
    );
    add.className = "app-add";
    this.element.append(
      headed("Models", about, [], this.memory, this.list),
      card("Add a model", "Code that comes with a model is never run from here.", [], add),
    );
    this.stop = app.server.subscribe(() => this.draw());
  }

  start(): void {
    this.draw();
    void this.app.server.look();
  }

  dispose(): void {
    this.stop();
  }

  private draw(): void {
    const { state } = this.app.server;
    // The focus stays where it is while nothing changes.
    const now = JSON.stringify(state);
    if (!state || now === this.drawn) return;
    this.drawn = now;
    const bar = element("progress", { "aria-label": "memory taken by models", max: state.budget });
    bar.value = state.used;
    this.memory.replaceChildren(`memory: ${memoryWords(state)}`, bar);
    this.offered.replaceChildren(
      ...state.offered.map((name) => element("option", { value: name })),
    );
    const held = document.activeElement?.closest<HTMLElement>("[data-key]")?.dataset["key"];
    const rows = state.models.map((model) => this.row(model));
    const none = emptyNode("No model is loaded. Add one below.");
    this.list.replaceChildren(...(rows.length ? rows : [none]));
    const row = rows.find((node) => node.dataset["key"] === held);
    row?.querySelector("button")?.focus();
  }

  private row(model: Model): HTMLElement {
    const { key, state, problem, name, revision, dtype } = model;
    const act = (words: string, ask: () => Promise<unknown>): HTMLElement => {
      const node = button(words, () => void this.send(ask));
      node.setAttribute("aria-label", `${words}: ${nameOf(model)}`);
      return node;
    };
    const explore = link({ screen: "explore", model: key, text: null }, "Explore");
    explore.className = "is-button";
    explore.setAttribute("aria-label", `Explore with ${nameOf(model)}`);
    const first =
      state === "failed" ? act("Try again", () => this.load({ name, revision, dtype })) : explore;
    return element(
      "li",
      { class: "app-run", "data-key": key },
      element(
        "div",
        { class: "app-run-words" },
        element("b", { class: "app-name" }, nameOf(model)),
        element("p", { class: "about" }, `It ${stateWords(model)}.`),
        problemNode(problem || null),
      ),
      element(
        "div",
        { class: "controls" },
        first,
        act("Take off the list", () => this.drop(key)),
      ),
    );
  }

  private async add(): Promise<void> {
    const name = this.name.value.trim();
    if (!name) {
      this.wrong.replaceChildren(problemNode("Say which model: a hub id or a folder.")!);
      this.name.focus();
      return;
    }
    const revision = this.revision.value.trim() || null;
    const dtype = this.dtype.value || null;
    const added = await this.send(() => this.load({ name, revision, dtype }));
    if (added) this.name.value = this.revision.value = "";
  }

  private load(asked: object): Promise<unknown> {
    return this.app.server.api.json("POST", "/api/models", asked);
  }

  private drop(key: string): Promise<void> {
    return this.app.server.api.none("DELETE", `/api/models/${encodeURIComponent(key)}`);
  }

  /** Whether it was done; why not is said under the form. */
  private async send(ask: () => Promise<unknown>): Promise<boolean> {
    this.wrong.replaceChildren();
    try {
      await ask();
      return true;
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      this.wrong.replaceChildren(problemNode(error.message)!);
      return false;
    } finally {
      await this.app.server.look();
    }
  }
}
