import type { Choices } from "../../parts/choices";
import { element } from "../../parts/dom";
import type { ExploreHeader } from "../../spec/explore";
import type { Filters } from "./distribution";

/** The widest top-k of the slider; one more is "all". */
const MOST = 100;
const ALL = "all";

/** What the sliders begin with, as choices. */
export function startOf(header: ExploreHeader): Record<string, string> {
  return {
    temperature: String(header.temperature),
    top_k: header.top_k === null ? ALL : String(header.top_k),
    top_p: String(header.top_p ?? 1),
  };
}

/** Whether a value of the address is one of a slider's. */
export function isStop(header: ExploreHeader, name: string, value: string): boolean {
  if (name === "temperature") return header.temperatures.map(String).includes(value);
  if (name === "top_k") return value === ALL || /^[1-9]\d{0,5}$/.test(value);
  return /^(0?\.\d{1,12}|1)$/.test(value) && Number(value) > 0;
}

/** The filters that are chosen. */
export function chosen(header: ExploreHeader, choices: Choices): Filters {
  const temperature = choices.number("temperature");
  const [topK, topP] = [choices.get("top_k"), choices.number("top_p")];
  return {
    stop: header.temperatures.indexOf(temperature),
    temperature,
    topK: topK === ALL ? null : Number(topK),
    topP: topP === 1 ? null : topP,
  };
}

/** Temperature, top-k and top-p. */
export class Sliders {
  readonly element: HTMLElement;
  private readonly updates: (() => void)[] = [];

  constructor(header: ExploreHeader, choices: Choices) {
    const { temperatures } = header;
    const most = Math.max(MOST, header.top_k ?? 0);
    const rows = [
      this.row("temperature", [0, temperatures.length - 1], {
        place: () => temperatures.indexOf(choices.number("temperature")),
        words: () => choices.get("temperature"),
        choose: (place) => choices.set({ temperature: String(temperatures[place]) }),
      }),
      this.row("top-k", [1, most + 1], {
        place: () => (choices.get("top_k") === ALL ? most + 1 : choices.number("top_k")),
        words: () => choices.get("top_k"),
        choose: (place) => choices.set({ top_k: place > most ? ALL : String(place) }),
      }),
      this.row("top-p", [1, 100], {
        place: () => Math.round(100 * choices.number("top_p")),
        words: () => (choices.number("top_p") === 1 ? ALL : choices.get("top_p")),
        choose: (place) => choices.set({ top_p: String(place / 100) }),
      }),
    ];
    this.element = element("div", { class: "explore-sliders" }, ...rows);
  }

  update(): void {
    for (const update of this.updates) update();
  }

  private row(
    name: string,
    [low, high]: readonly [number, number],
    of: { place(): number; words(): string; choose(place: number): void },
  ): HTMLElement {
    const input = element("input", { type: "range", min: low, max: high, step: 1 });
    const value = element("span", { class: "explore-value", "aria-hidden": "true" });
    input.addEventListener("input", () => of.choose(Number(input.value)));
    this.updates.push(() => {
      input.value = String(of.place());
      input.setAttribute("aria-valuetext", of.words());
      value.textContent = of.words();
    });
    return element("label", {}, element("span", {}, name), input, value);
  }
}
