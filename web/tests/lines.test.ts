// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { LineChart } from "../src/parts/lines";

test.each([1, 2, 17, 32, 101])(
  "of %i steps the last is named, and no name touches another",
  (n) => {
    const steps = Array.from({ length: n }, (_, i) => (i ? String(i - 1) : "in"));
    const lines = [{ label: "a", values: steps.map(() => 0.5) }];
    const chart = {
      label: "",
      steps,
      lines,
      place: (value: number) => value,
      ticks: [],
      tick: String,
    };
    const { element } = new LineChart(chart, "light", { hover: () => {}, choose: () => {} });
    const named = [...element.querySelectorAll("text[text-anchor=middle]")];
    expect(named.at(-1)!.textContent).toBe(steps.at(-1));
    const places = named.map((name) => Number(name.getAttribute("x")));
    for (let i = 1; i < places.length; i++) expect(places[i]! - places[i - 1]!).toBeGreaterThan(23);
  },
);
