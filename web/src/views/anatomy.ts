import { tableBox } from "../parts/candidates";
import { card, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { element } from "../parts/dom";
import { savePicture, type Saved } from "../parts/savepicture";
import { paletteOf } from "../parts/theme";
import type { AnatomyHeader } from "../spec/anatomy";
import type { Spec } from "../spec/spec";
import { areaStrength, colourOf } from "./anatomy/paint";
import { StackPicture, type Place } from "./anatomy/picture";
import { readoutOf } from "./anatomy/readout";
import { partsTable, tallyTable } from "./anatomy/tables";
import type { Host } from "./host";
import { pageView, wide, type Page } from "./page";

/** The parts of a model as a stack to scale, their tally, and what can be had exactly of it. */
export const anatomyView = pageView<AnatomyHeader>((spec, host) => new AnatomyPage(spec, host));

class AnatomyPage implements Page {
  readonly cards: readonly HTMLElement[];
  private readonly choices: Choices;
  private readonly picture: StackPicture;
  private readonly tally = element("div", { class: "anatomy-tally-box" });
  private readonly readout = element("section", { class: "card readout", "aria-live": "polite" });

  constructor(
    private readonly spec: Spec<AnatomyHeader>,
    private readonly host: Host,
  ) {
    const { stack } = spec.header;
    const most = Math.max(...stack.map(({ cells }) => cells.length));
    const first = stack.findIndex(({ block }) => block !== null);
    this.choices = new Choices(
      { row: String(Math.max(0, first)), cell: "0" },
      (name, value) => isWhole(value, 0, (name === "row" ? stack.length : most) - 1),
      host,
    );
    this.picture = new StackPicture(spec.header, () => host.theme.scheme, {
      hover: (place) => this.tell(place ?? this.chosen),
      choose: ({ row, cell }) => this.choices.set({ row: String(row), cell: String(cell) }),
    });
    this.cards = this.arrange();
    this.choices.subscribe(() => this.show());
  }

  start(): void {
    this.picture.layOut();
    this.recolour();
    this.show();
  }

  recolour(): void {
    const { header } = this.spec;
    this.picture.recolour();
    this.tally.replaceChildren(tallyTable(header, this.host.theme.scheme));
  }

  dispose(): void {
    this.picture.dispose();
    this.choices.dispose();
  }

  private get chosen(): Place {
    const row = this.choices.number("row");
    const cells = this.spec.header.stack[row]!.cells.length;
    return { row, cell: Math.min(this.choices.number("cell"), cells - 1) };
  }

  private arrange(): HTMLElement[] {
    const { header } = this.spec;
    const stack = card(
      header.heading,
      header.about,
      [savePicture(() => this.saved())],
      sentence(header.sentence),
      this.tally,
      this.picture.element,
    );
    const parts = card(
      "Every part",
      "Blocks of equal parts are one row.",
      [],
      tableBox("Every part", partsTable(header)),
    );
    const proven = card(
      "What can be had exactly",
      "Found out on this very model, on a short text, when it was loaded.",
      [],
      capabilities(header),
    );
    return [stack, this.readout, wide(parts), wide(proven)];
  }

  private show(): void {
    this.picture.choose(this.chosen);
    this.tell(this.chosen);
  }

  private tell(place: Place): void {
    this.readout.replaceChildren(...readoutOf(this.spec.header, place));
  }

  private saved(): Saved {
    const { header } = this.spec;
    const { scheme } = this.host.theme;
    const said = header.sentence.map(([, text]) => text).join("");
    return {
      sheet: {
        title: header.heading,
        words: [said, header.about],
        keys: header.tally.map(({ kind, label }) => ({
          colour: colourOf(kind, scheme),
          strength: areaStrength(scheme),
          dash: [],
          words: label,
        })),
        plates: [{ caption: "", plate: this.picture.plate() }],
        palette: paletteOf(this.picture.element),
      },
      name: "anatomy",
      rows: () => rowsOf(header),
    };
  }
}

function* rowsOf(header: AnatomyHeader): Generator<(string | number)[]> {
  yield ["part", "blocks", "module", "parameters"];
  for (const { label, blocks, path, count } of header.parts) yield [label, blocks, path, count];
}

function capabilities(header: AnatomyHeader): HTMLElement {
  const rows = header.capabilities.flatMap(({ name, proven, why }) => [
    element("dt", {}, name),
    element("dd", {}, element("b", {}, proven ? "proven: " : "not available, because "), why),
  ]);
  return element("dl", { class: "provenance" }, ...rows);
}
