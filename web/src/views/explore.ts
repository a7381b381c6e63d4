import { card, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { button, chip, element, enable } from "../parts/dom";
import { percent, quantity, rank } from "../parts/format";
import type { ExploreAnswer, ExploreHeader } from "../spec/explore";
import { SpecError, type Spec } from "../spec/spec";
import { filtered, probabilities, type Filters } from "./explore/distribution";
import { Forest } from "./explore/forest";
import { CandidateList } from "./explore/list";
import { SampleList } from "./explore/samples";
import { chosen, isStop, Sliders, startOf } from "./explore/sliders";
import { TreeList } from "./explore/treelist";
import type { Host, Question } from "./host";
import { pageView, wide, type Page } from "./page";

/** How many continuations are asked for at once. */
const DRAWS = 20;

/** The explorer: candidates to pick from, sliders that filter them, the tree of what was picked. */
export const exploreView = pageView<ExploreHeader>((spec, host) => new ExplorePage(spec, host));

class ExplorePage implements Page {
  readonly cards: readonly HTMLElement[];
  private readonly choices: Choices;
  private readonly forest: Forest;
  private readonly sliders: Sliders;
  private readonly list = new CandidateList((place) => this.pick(place));
  private readonly tree: TreeList;
  private readonly samples: SampleList;
  private readonly text = element("div", {
    class: "strip",
    role: "group",
    "aria-label": "The text so far",
  });
  private readonly words = element("div", { "aria-live": "polite" });
  private readonly left = element("p", { class: "about", role: "status" });
  private readonly told = element("div", { class: "explore-told", role: "status" });
  private readonly back = button("← back", () => this.goBack());
  private readonly stop: () => void;
  private seed = 0;
  private busy = false;
  /** The node whose candidates are listed. */
  private listed = -1;

  constructor(
    private readonly spec: Spec<ExploreHeader>,
    private readonly host: Host,
  ) {
    const { header } = spec;
    this.forest = new Forest(spec);
    this.choices = new Choices(
      { node: String(header.at), ...startOf(header) },
      (name, value) =>
        name === "node" ? isWhole(value, 0, this.forest.size - 1) : isStop(header, name, value),
      host,
    );
    this.sliders = new Sliders(header, this.choices);
    this.tree = new TreeList(this.forest, (node) => this.go(node));
    this.samples = new SampleList(host.ask !== null, {
      sample: () => void this.sample(),
      ramble: () => void this.ask({ what: "ramble", n: DRAWS, seed: this.seed++ }),
    });
    this.cards = [this.arrange()];
    this.choices.subscribe((now, before) => {
      if (now["node"] !== before["node"]) this.arrive();
      this.draw();
    });
    this.stop = host.selection?.subscribe(({ at }) => this.follow(at)) ?? ((): void => {});
    this.draw();
  }

  dispose(): void {
    this.stop();
    this.choices.dispose();
  }

  private get at(): number {
    return this.choices.number("node");
  }

  private get filters(): Filters {
    return chosen(this.spec.header, this.choices);
  }

  private arrange(): HTMLElement {
    const { header } = this.spec;
    const keys = `Keys: 1 to 9 and 0 pick the first ten, arrows and Enter any, Backspace goes back.`;
    const live = this.host.ask
      ? ""
      : "This page holds what was explored; new tokens need the notebook.";
    const body = element(
      "div",
      { class: "explore" },
      element(
        "section",
        {},
        element("h3", {}, "Next token"),
        this.sliders.element,
        this.left,
        this.list.element,
        this.told,
        element("p", { class: "hint is-keys" }, keys),
        live ? element("p", { class: "hint" }, live) : null,
      ),
      element(
        "section",
        {},
        element("h3", {}, "Explored so far"),
        this.tree.element,
        this.samples.element,
      ),
    );
    const picture = card(
      header.heading,
      header.about,
      [this.back],
      ...this.texts(),
      this.words,
      body,
    );
    picture.addEventListener("keydown", (event) => this.key(event));
    return wide(picture);
  }

  /** The text so far, and over it the source, each under its name where there are two. */
  private texts(): HTMLElement[] {
    const { source } = this.spec.header;
    if (!source) return [this.text];
    const read = source.map((label) =>
      element("span", { class: "token is-read", dir: "ltr" }, label),
    );
    const name = (words: string): HTMLElement => element("p", { class: "strip-name" }, words);
    const strip = element("div", { class: "strip", role: "group", "aria-label": "The source" });
    strip.append(...read);
    return [name("source"), strip, name("target so far"), this.text];
  }

  /** At another node: its last token is the one that is read. */
  private arrive(): void {
    this.told.replaceChildren();
    this.host.selection?.set({ at: this.forest.end(this.at) });
  }

  /** A position that was picked elsewhere is the end of one of the texts on the way here. */
  private follow(at: number | null): void {
    const node = this.forest.path(this.at).find((one) => this.forest.end(one) === at);
    if (node !== undefined && node !== this.at) this.go(node);
  }

  private draw(): void {
    const { at } = this;
    const node = this.forest.node(at);
    enable(this.back, node.parent >= 0);
    this.drawText();
    const candidates = this.forest.candidates(at);
    const said = sentence([
      ["", "After "],
      ["in", node.labels.at(-1)!],
      ["", " the model would say "],
      ["out", candidates.labels[0]!],
      ["", " with probability "],
      ["b", percent(this.plain()[0]!)],
      ["", "; its entropy is "],
      ["b", quantity(node.entropy, "nats")],
      ["", "."],
    ]);
    this.words.replaceChildren(...(said ? [said] : []));
    this.sliders.update();
    this.drawCandidates();
    this.tree.show(at);
    this.samples.show(this.forest.drawn(at));
  }

  /** The text's tokens; one that was picked leads to where it was. */
  private drawText(): void {
    const tokens = this.forest.path(this.at).flatMap((node) => {
      const { labels, parent } = this.forest.node(node);
      if (parent < 0) {
        return labels.map((label) =>
          element("span", { class: "token is-read", dir: "ltr" }, label),
        );
      }
      const step = button(labels[0]!, () => this.go(node));
      step.className = "token is-produced";
      step.dir = "ltr";
      return [step];
    });
    this.text.replaceChildren(...tokens);
    this.text.scrollTop = this.text.scrollHeight;
  }

  /** The probabilities at temperature 1. */
  private plain(): number[] {
    const stop = this.spec.header.temperatures.indexOf(1);
    return probabilities(this.forest.candidates(this.at), stop, 1);
  }

  private drawCandidates(): void {
    const { filters } = this;
    const candidates = this.forest.candidates(this.at);
    const shares = this.plain();
    const isPlain = filters.temperature === 1 && filters.topK === null && filters.topP === null;
    const { shares: drawn, left, problem } = filtered(candidates, filters);
    const entries = candidates.ids.slice(0, this.spec.header.k).map((id, i) => ({
      label: candidates.labels[i]!,
      share: shares[i]!,
      drawn: isPlain ? null : (drawn[i] ?? NaN),
      explored: this.forest.child(this.at, id) !== null,
    }));
    this.list.show(entries, this.listed === this.at);
    this.listed = this.at;
    const all = `All ${rank(candidates.vocab)} tokens can be drawn`;
    const some = left === 1 ? "1 token can be drawn" : `${rank(left ?? 0)} tokens can be drawn`;
    const bars = isPlain ? "" : " Upper bar: probability; lower bar: as it would be drawn.";
    this.left.textContent = problem || `${left === null ? all : some}.${bars}`;
  }

  private key(event: KeyboardEvent): void {
    const inField = (event.target as HTMLElement).closest("input, select");
    if (inField || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Backspace") this.goBack();
    else if (!this.list.digit(event.key)) return;
    event.preventDefault();
  }

  private goBack(): void {
    const { parent } = this.forest.node(this.at);
    if (parent >= 0) this.go(parent);
  }

  /** A node of the tree; Python is told, so that `view.trace()` is of what is seen. */
  private go(node: number): void {
    this.choices.set({ node: String(node) });
    if (this.host.ask) void this.ask({ what: "go", node });
  }

  private pick(place: number): void {
    const { ids, labels } = this.forest.candidates(this.at);
    const token = ids[place]!;
    const known = this.forest.child(this.at, token);
    if (known !== null) this.go(known);
    else if (this.host.ask) void this.ask({ what: "expand", node: this.at, token });
    else {
      const call = `view.go(${this.at}).pick(token_id=${token})`;
      this.told.replaceChildren(
        element(
          "p",
          { class: "hint" },
          chip(labels[place]!),
          " was not explored before this page was saved; new tokens need the notebook. There: ",
          element("code", {}, call),
        ),
      );
    }
  }

  private async sample(): Promise<void> {
    const { temperature, topK, topP } = this.filters;
    const how = { temperature, top_k: topK, top_p: topP, seed: this.seed++ };
    await this.ask({ what: "sample", node: this.at, n: DRAWS, ...how });
  }

  /** One question at a time: the model answers in the order in which it is asked. */
  private async ask(question: Question): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    const quiet = question.what === "go";
    if (!quiet) this.told.replaceChildren(element("p", { class: "hint" }, "The model is asked …"));
    try {
      const { data } = await this.host.ask!(question);
      if (quiet) return;
      const answer = JSON.parse(new TextDecoder().decode(data)) as ExploreAnswer;
      this.forest.add(answer);
      this.told.replaceChildren();
      this.choices.set({ node: String(answer.at) });
      this.draw();
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      this.told.replaceChildren(element("p", { class: "problem" }, error.message));
    } finally {
      this.busy = false;
    }
  }
}
