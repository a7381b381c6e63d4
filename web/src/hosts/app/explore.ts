import { button, element } from "../../parts/dom";
import { SpecError } from "../../spec/spec";
import type { ExploreHeader } from "../../spec/explore";
import { isAbort, retryWhenBusy } from "./api";
import { form, labelled, sender } from "./fields";
import { session } from "./memory";
import { ModelField } from "./modelfield";
import { Picture } from "./picture";
import type { Run } from "./records";
import { FIRST_LENS, type RouteOf } from "./route";
import { SaveButton } from "./savebutton";
import { emptyNode, headed, problemNode, single, type App, type Screen } from "./screen";
import { explored } from "./sources";
import { line } from "./words";

/** The next-token explorer: a text, a model, and what could come next. */
export function exploreScreen(route: RouteOf<"explore">, app: App): Screen {
  return new Explore(route, app);
}

class Explore implements Screen {
  readonly title: string;
  readonly element: HTMLElement;
  private readonly field = element("textarea", {
    rows: 2,
    placeholder: "Write how a text begins …",
  });
  private readonly models: ModelField;
  private readonly source;
  private readonly picture: Picture | null;
  private readonly saving: SaveButton | null;
  private readonly wrong = element("div", {});
  /** The node that the picture began with. */
  private at = 0;
  private readonly giving = new AbortController();

  constructor(
    private readonly route: RouteOf<"explore">,
    private readonly app: App,
  ) {
    const { model, text } = route;
    this.title = text ? `Explore “${line(text, 40)}”` : "Explore";
    this.models = new ModelField(app.server, model);
    this.source = text && model ? explored(model, text, session()) : null;
    this.picture =
      this.source &&
      new Picture(app, this.source, ({ header }) => (this.at = (header as ExploreHeader).at));
    this.saving = this.source && new SaveButton(app, this.source.page, "cutaway explore.html");
    this.field.spellcheck = false;
    this.field.value = text ?? "";
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    const hint = emptyNode("Write how a text begins, and press Enter.");
    this.element = element("div", {}, single(this.head()), this.picture?.element ?? hint);
  }

  start(): void {
    if (this.picture) void this.picture.show();
    else this.field.focus();
  }

  dispose(): void {
    this.giving.abort();
    this.models.dispose();
    this.picture?.dispose();
    this.saving?.dispose();
  }

  private head(): HTMLElement {
    const asking = form(
      "Where to begin",
      () => this.send(),
      labelled(
        "A text begins with",
        this.field,
        "Enter explores it, Shift+Enter begins a new line. An encoder-decoder reads it as its source, and what it answers is explored.",
      ),
      element(
        "div",
        { class: "app-line" },
        labelled("model", this.models.field),
        sender("Explore"),
      ),
      this.models.told,
    );
    const keep = button("Open in the report", () => void this.keep());
    keep.title = "Keep the text that is looked at as a run; what was picked counts as output";
    return headed(
      "Explore what could come next",
      "Ten candidates for the next token; pick one and go on, go back and pick another.",
      this.saving ? [keep, this.saving.element] : [],
      asking,
      this.wrong,
    );
  }

  private send(): void {
    const model = this.models.value || this.route.model;
    this.app.go({ screen: "explore", model, text: this.field.value });
  }

  /** The node that is looked at becomes a run: what was picked counts as said by the model. */
  private async keep(): Promise<void> {
    const { server, address } = this.app;
    const { signal } = this.giving;
    const node = Number(new URLSearchParams(address.read()).get("node") ?? this.at);
    try {
      const run = await retryWhenBusy(
        () => server.api.json<Run>("POST", this.source!.run, { node }, signal),
        (left) => this.say(left === null ? null : `The model is asked again in ${left} s.`),
        signal,
      );
      this.app.go({ screen: "run", id: run.id, lens: FIRST_LENS, given: [] });
    } catch (error) {
      if (isAbort(error)) return;
      if (!(error instanceof SpecError)) throw error;
      this.say(error.message);
    }
  }

  private say(words: string | null): void {
    const node = problemNode(words);
    this.wrong.replaceChildren(...(node ? [node] : []));
  }
}
