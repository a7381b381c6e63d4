import { button, element } from "../../parts/dom";
import { SpecError } from "../../spec/spec";
import { Problem } from "./api";
import { argumentForm } from "./argumentform";
import { LENSES, type Lens } from "./lenses";
import { Picture } from "./picture";
import type { Run } from "./records";
import { FIRST_COMPARED, type Pairs, type RouteOf } from "./route";
import { deletion, editor, pathOf } from "./runedit";
import { factsOf, tagsOf } from "./runrow";
import { SaveButton } from "./savebutton";
import { emptyNode, link, problemNode, type App, type Screen } from "./screen";
import { pageOf, sourceOf } from "./sources";
import { called, fileOf } from "./words";

/** What is picked on a picture and stays picked on the next one of the same run. */
const PICKED = /^(at|layer|head)=/;

/** One run: the report, or one lens of it. */
export function runScreen(route: RouteOf<"run">, app: App): Screen {
  return new RunScreen(route, app);
}

class RunScreen implements Screen {
  readonly title: string;
  readonly element = element("div", { class: "app-run-screen" });
  private readonly head = element("section", { class: "card app-run-head" });
  private readonly body = element("div", {});
  private readonly lens: Lens;
  private readonly stop: () => void;
  private run: Run | null = null;
  private picture: Picture | null = null;
  private saving: SaveButton | null = null;

  constructor(
    private readonly route: RouteOf<"run">,
    private readonly app: App,
  ) {
    const known = LENSES.find(({ name }) => name === route.lens);
    this.lens = known ?? { name: route.lens, title: route.lens, question: "", arguments: [] };
    this.title = `${this.lens.title} of ${route.id.slice(0, 8)}`;
    this.element.append(this.head, this.body);
    this.stop = app.server.whenBack(() => {
      if (!this.run) void this.load();
    });
    this.drawHead();
  }

  start(): void {
    void this.load();
    this.drawBody();
  }

  dispose(): void {
    this.stop();
    this.picture?.dispose();
    this.saving?.dispose();
  }

  private async load(): Promise<void> {
    try {
      this.run = await this.app.server.api.json<Run>("GET", pathOf(this.route.id));
      document.title = `${called(this.run)} · ${this.lens.title} · Cutaway`;
      this.drawHead();
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      if (error instanceof Problem && error.status === 404) this.picture?.dispose();
      const all = link({ screen: "runs", search: "", tag: "", page: 1 }, "All runs");
      this.head.replaceChildren(problemNode(`${error.message} `, all)!);
      if (error instanceof Problem && error.status === 404) this.body.replaceChildren();
    }
  }

  private drawHead(): void {
    const { run } = this;
    const words = element(
      "div",
      { class: "app-run-words" },
      element("h1", {}, run ? called(run) : "A run"),
      element("p", { class: "about" }, run ? factsOf(run) : " "),
      run ? tagsOf(run, (tag) => this.app.go({ screen: "runs", search: "", tag, page: 1 })) : null,
    );
    const actions = element("div", { class: "card-controls" }, ...(run ? this.actions(run) : []));
    const top = element("div", { class: "card-head" }, words, actions);
    this.head.replaceChildren(top, this.tabs());
  }

  private actions(run: Run): HTMLElement[] {
    const { lens, given } = this.route;
    const instead = (node: HTMLElement): void => {
      this.head.replaceChildren(node, this.tabs());
    };
    const edit = button("Name and tags", () =>
      instead(
        editor(this.app, run, (now) => {
          this.run = now ?? run;
          this.back("Name and tags");
        }),
      ),
    );
    const remove = button("Delete", () =>
      instead(
        deletion(this.app, run, (gone) => {
          if (gone) this.app.go({ screen: "runs", search: "", tag: "", page: 1 });
          else this.back("Delete");
        }),
      ),
    );
    const compare = link(
      { screen: "compare", a: run.id, b: "", lens: FIRST_COMPARED },
      "Compare …",
    );
    this.saving?.dispose();
    this.saving = new SaveButton(this.app, pageOf(run.id, lens, given), `${fileOf(run)}.html`);
    const load = element("a", { href: `${pathOf(run.id)}/trace`, download: true }, "Save trace");
    for (const node of [compare, load]) node.className = "is-button";
    return [edit, compare, this.saving.element, load, remove];
  }

  /** The head as it was; the keyboard goes on from the button that was pressed. */
  private back(words: string): void {
    this.drawHead();
    const buttons = [...this.head.querySelectorAll("button")];
    buttons.find((node) => node.textContent === words)?.focus();
  }

  /** The lenses; what is picked here stays picked there. */
  private tabs(): HTMLElement {
    const { id, lens } = this.route;
    const links = LENSES.map(({ name, title }) => {
      const node = link({ screen: "run", id, lens: name, given: [] }, title);
      if (name === lens) node.setAttribute("aria-current", "page");
      return node;
    });
    const nav = element("nav", { class: "app-tabs", "aria-label": "Lenses" }, ...links);
    const carry = (): void => {
      const pairs = this.app.address
        .read()
        .split("&")
        .filter((pair) => PICKED.test(pair));
      for (const node of links) node.hash = pairs.join("&");
    };
    for (const name of ["pointerdown", "click"] as const) nav.addEventListener(name, carry);
    return nav;
  }

  private drawBody(): void {
    const { id, lens, given } = this.route;
    const send = (now: Pairs): void => this.app.go({ screen: "run", id, lens, given: now });
    const form = argumentForm(this.lens, given, send);
    if (form) this.body.append(element("div", { class: "app-arguments" }, form));
    const { needs } = this.lens;
    if (needs !== undefined && !given.some(([name]) => name === needs)) {
      this.body.append(emptyNode(`${this.lens.question} Say which above.`));
      return;
    }
    this.picture = new Picture(this.app, sourceOf(id, lens, given));
    this.body.append(this.picture.element);
    void this.picture.show();
  }
}
