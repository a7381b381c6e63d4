import { button, element } from "../../parts/dom";
import { form, labelled, numberField, numberIn, sender, textField, ticked } from "./fields";
import { recall, remember } from "./memory";
import { ModelField } from "./modelfield";
import type { Asked } from "./records";
import type { Server } from "./server";

const DRAFT = "cutaway-draft";
/** Texts that show something, for who has none at hand. */
const EXAMPLES = [
  "The capital of France is",
  "The keys to the cabinet",
  "1, 1, 2, 3, 5, 8,",
  "The doctor asked the nurse a question. She",
] as const;
const KEYS = "Enter runs it, Shift+Enter begins a new line.";
/** Tokens that are added where nothing else is said. */
const MORE = "20";

/** The prompt and how it is run; what stands in it is kept while its tab is open. */
export class AskForm {
  readonly element: HTMLElement;
  private readonly text = element("textarea", { rows: 3, placeholder: "Write a prompt …" });
  private readonly model: ModelField;
  private readonly more = numberField(MORE, "0", [0, 4096, 1]);
  private readonly chat = element("input", { type: "checkbox" });
  private readonly temperature = numberField("", "0: the likeliest", [0, 10, "any"]);
  private readonly topK = numberField("", "all", [1, null, 1]);
  private readonly topP = numberField("", "1", [0, 1, "any"]);
  private readonly seed = numberField("", "0", [0, null, 1]);
  private readonly name = textField("", "none");
  private readonly tags = textField("", "none");
  private readonly fields = {
    text: this.text,
    more: this.more,
    temperature: this.temperature,
    topK: this.topK,
    topP: this.topP,
    seed: this.seed,
    name: this.name,
    tags: this.tags,
  };

  constructor(
    server: Server,
    private readonly send: (asked: Asked) => void,
  ) {
    this.model = new ModelField(server, "");
    this.text.spellcheck = false;
    this.restore();
    this.element = this.arrange();
    this.element.addEventListener("input", () => this.keep());
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    });
  }

  focus(): void {
    this.text.focus();
  }

  dispose(): void {
    this.model.dispose();
  }

  private arrange(): HTMLElement {
    return form(
      "Ask a model",
      () => this.submit(),
      labelled("Prompt", this.text, KEYS),
      this.examples(),
      element(
        "div",
        { class: "app-line" },
        labelled("model", this.model.field),
        labelled("tokens to add", this.more),
        ticked("as a chat", this.chat),
        sender("Run"),
      ),
      this.model.told,
      this.options(),
    );
  }

  private examples(): HTMLElement {
    const examples = EXAMPLES.map((text) =>
      button(text, () => {
        this.text.value = text;
        this.keep();
        this.text.focus();
      }),
    );
    const box = { class: "app-examples", role: "group", "aria-label": "Examples" };
    return element("div", box, ...examples);
  }

  private options(): HTMLElement {
    const fields = element(
      "div",
      { class: "fields" },
      labelled("temperature", this.temperature, "above 0: drawn by chance"),
      labelled("top-k", this.topK, "of the likeliest; with a temperature"),
      labelled("top-p", this.topP, "of this much probability; with a temperature"),
      labelled("seed", this.seed, "the same draws again"),
      labelled("name", this.name, "in the list of runs"),
      labelled("tags", this.tags, "separated by commas"),
    );
    const summary = element("summary", {}, "How it goes on, and what it is called");
    return element("details", { class: "app-options" }, summary, fields);
  }

  private submit(): void {
    if (!(this.element as HTMLFormElement).reportValidity()) return;
    this.send(this.asked());
  }

  private asked(): Asked {
    const more = numberIn(this.more) ?? 0;
    const goesOn = more > 0;
    return {
      model: this.model.value || null,
      text: this.text.value,
      chat: this.chat.checked,
      generate: goesOn,
      max_new_tokens: goesOn ? more : null,
      temperature: goesOn ? numberIn(this.temperature) : null,
      top_k: goesOn ? numberIn(this.topK) : null,
      top_p: goesOn ? numberIn(this.topP) : null,
      seed: goesOn ? numberIn(this.seed) : null,
      name: this.name.value.trim() || null,
      tags: tagsIn(this.tags.value),
    };
  }

  private keep(): void {
    const texts = Object.entries(this.fields).map(([name, { value }]) => [name, value]);
    const draft = { ...Object.fromEntries(texts), chat: this.chat.checked };
    remember("sessionStorage", DRAFT, JSON.stringify(draft));
  }

  private restore(): void {
    const draft = JSON.parse(recall("sessionStorage", DRAFT) ?? "{}") as Record<string, unknown>;
    for (const [name, field] of Object.entries(this.fields)) {
      const value = draft[name];
      if (typeof value === "string") field.value = value;
    }
    this.chat.checked = draft["chat"] === true;
  }
}

/** The tags in a line of them: each once, none empty. */
export function tagsIn(line: string): string[] {
  return [...new Set(line.split(",").map((tag) => tag.trim()))].filter(Boolean);
}
