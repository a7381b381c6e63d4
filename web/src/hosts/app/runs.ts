import { button, element } from "../../parts/dom";
import { SpecError } from "../../spec/spec";
import { isAbort, pause, Problem } from "./api";
import { Choice } from "./choice";
import { form, labelled, textField } from "./fields";
import { pager } from "./pager";
import type { Run, RunList } from "./records";
import { query, type RouteOf } from "./route";
import { RunRow } from "./runrow";
import { emptyNode, link, headed, problemNode, single, type App, type Screen } from "./screen";
import { Upload } from "./upload";
import { counted } from "./words";

/** Runs of one page of the list. */
const EACH = 50;
/** Milliseconds after the last key until the list is searched. */
const TYPING = 250;

/** The store: searched, filtered by a tag, a page at a time. */
export function runsScreen(route: RouteOf<"runs">, app: App): Screen {
  return new Runs(route, app);
}

class Runs implements Screen {
  readonly title = "Runs";
  readonly element = single();
  private readonly search = textField("", "a word of the name, the prompt or the model");
  private readonly filter = element("div", { class: "app-tags" });
  private readonly told = element("p", { class: "about", role: "status" });
  private readonly list = element("ul", { class: "app-runs" });
  private readonly pages = element("nav", { class: "app-line", "aria-label": "Pages" });
  private readonly choice = new Choice(() => void this.load());
  private giving = new AbortController();
  private readonly stop: () => void;

  constructor(
    private route: RouteOf<"runs">,
    private readonly app: App,
  ) {
    this.search.type = "search";
    this.search.value = route.search;
    this.search.addEventListener("input", () => void this.typed());
    const upload = new Upload(app, this.element, () => void this.load());
    const searching = form("Search", () => void this.load(), labelled("search", this.search));
    const about = "Every run is a trace file in one folder. Drop trace files here to add them.";
    const runs = headed(
      "Runs",
      about,
      [upload.button],
      searching,
      this.filter,
      upload.told,
      this.choice.element,
      this.told,
      this.list,
      this.pages,
    );
    this.element.append(runs);
    this.stop = app.server.whenBack(() => void this.load());
  }

  start(): void {
    this.drawFilter();
    void this.load();
  }

  dispose(): void {
    this.stop();
    this.giving.abort();
  }

  private async typed(): Promise<void> {
    const signal = this.fresh();
    try {
      await pause(TYPING, signal);
      this.turn({ search: this.search.value.trim(), page: 1 });
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  /** Another search, tag or page of the same screen: the address says which. */
  private turn(change: Partial<RouteOf<"runs">>): void {
    this.route = { ...this.route, ...change };
    this.app.go(this.route, true);
    this.drawFilter();
    void this.load();
  }

  /** The signal of what is asked from now on; what was asked before is given up. */
  private fresh(): AbortSignal {
    this.giving.abort();
    this.giving = new AbortController();
    return this.giving.signal;
  }

  private async load(): Promise<void> {
    const signal = this.fresh();
    const { search, tag, page } = this.route;
    const offset = String((page - 1) * EACH);
    const asked = query([
      ["search", search],
      ["tag", tag],
      ["limit", String(EACH)],
      ["offset", offset],
    ]);
    try {
      const path = `/api/runs${asked}`;
      this.draw(await this.app.server.api.json<RunList>("GET", path, undefined, signal));
    } catch (error) {
      if (isAbort(error)) return;
      if (!(error instanceof SpecError)) throw error;
      // That the server is gone is said above all; what was listed stays to be read.
      if (error instanceof Problem && error.status === 0) return;
      this.list.replaceChildren(problemNode(error.message)!);
    }
  }

  private draw({ total, runs }: RunList): void {
    const last = Math.max(1, Math.ceil(total / EACH));
    if (this.route.page > last) return this.turn({ page: last });
    const from = (this.route.page - 1) * EACH;
    const range = total > runs.length ? `, ${from + 1} to ${from + runs.length} shown` : "";
    this.told.textContent = total ? `${counted(total, "run")}${range}` : "";
    const rows = runs.map((run) => this.row(run));
    this.list.replaceChildren(...(rows.length ? rows : [this.empty()]));
    this.pages.replaceChildren(...pager(this.route.page, last, (page) => this.turn({ page })));
  }

  private row(run: Run): HTMLElement {
    const row = new RunRow(this.app, run, this.choice.has(run), {
      pick: (chosen, on) => this.choice.set(chosen, on),
      tag: (tag) => this.turn({ tag, page: 1 }),
      gone: (deleted) => {
        this.choice.set(deleted, false);
        this.search.focus();
        void this.load();
      },
    });
    return row.element;
  }

  private empty(): HTMLElement {
    const { search, tag } = this.route;
    if (!search && !tag) {
      const start = link({ screen: "start", job: "" }, "Run a prompt");
      return emptyNode("There is no run yet. ", start, ", or drop a trace file here.");
    }
    const all = button("Show all", () => {
      this.search.value = "";
      this.turn({ search: "", tag: "", page: 1 });
    });
    return emptyNode("No run fits that. ", all);
  }

  private drawFilter(): void {
    const { tag } = this.route;
    if (!tag) return this.filter.replaceChildren();
    const drop = button(`${tag} ×`, () => this.turn({ tag: "", page: 1 }));
    drop.className = "app-tag";
    drop.setAttribute("aria-label", `show runs without the tag ${tag} too`);
    this.filter.replaceChildren(element("span", { class: "about" }, "only with the tag"), drop);
  }
}
