import { card, sentence } from "../parts/card";
import { Choices, isWhole } from "../parts/choices";
import { element } from "../parts/dom";
import type { Place } from "../parts/geometry";
import { HeatGrid } from "../parts/heatgrid";
import { rampLegend } from "../parts/legend";
import { savePicture, type Cell, type Saved } from "../parts/savepicture";
import { layerRowLink, sourceLink, targetLink } from "../parts/selection";
import { paletteOf } from "../parts/theme";
import type { AlignmentHeader } from "../spec/headers";
import type { Spec } from "../spec/spec";
import { alignmentModel, Matrices, partWord } from "./alignment/matrix";
import { panel } from "./alignment/panel";
import type { Host } from "./host";
import { pageView, wide, type Page } from "./page";

/** More source tokens than this are drawn without numbers in the cells. */
const FEW = 24;

/** The alignment matrix: which source token each target token came from. */
export const alignmentView = pageView<AlignmentHeader>(
  (spec, host) => new AlignmentPage(spec, host),
);

class AlignmentPage implements Page {
  readonly cards: readonly HTMLElement[];
  private readonly matrices: Matrices;
  private readonly choices: Choices;
  private readonly grid: HeatGrid;
  private readonly key = element("div");
  private readonly panel = element("section", { class: "card", "aria-live": "polite" });

  constructor(
    spec: Spec<AlignmentHeader>,
    private readonly host: Host,
  ) {
    this.matrices = new Matrices(spec);
    const { targets, positions, layers, opens_with } = spec.header;
    const { row, col } = this.matrices.clearest(opens_with);
    this.choices = new Choices(
      { at: String(targets[row]!), source: String(col), layer: String(opens_with) },
      (name, value) => {
        if (name === "at") return isWhole(value, 0, 1e9) && targets.includes(Number(value));
        const most = name === "layer" ? this.matrices.count : positions.length;
        return isWhole(value, 0, most - 1);
      },
      host,
      {
        at: targetLink(spec.header),
        source: sourceLink(positions),
        ...(layers.length ? { layer: layerRowLink(layers) } : {}),
      },
    );
    this.grid = new HeatGrid(this.model(), {
      hover: (place) => this.tell(place ?? this.place),
      choose: (place) => this.choose(place),
      move: (place) => this.choose(place),
      release: () => {},
    });
    this.cards = [this.arrange(), wide(this.panel)];
    this.choices.subscribe((now, before) => {
      if (now["layer"] !== before["layer"]) this.draw();
      this.show();
    });
  }

  start(): void {
    this.draw();
    this.show();
  }

  recolour(): void {
    this.draw();
    this.grid.recolour();
  }

  dispose(): void {
    this.grid.dispose();
    this.choices.dispose();
  }

  private get layer(): number {
    return this.choices.number("layer");
  }

  private get place(): Place {
    const row = this.matrices.header.targets.indexOf(this.choices.number("at"));
    return { row, col: this.choices.number("source") };
  }

  private arrange(): HTMLElement {
    const { header } = this.matrices;
    const { layers } = header;
    const hint =
      `Target tokens down, ${partWord(header)}s across. Ringed, and named beside the row: the ` +
      `${partWord(header)} with the most of the row; below a column: the target token with the ` +
      "most of it.";
    const whole = card(
      header.heading,
      header.about,
      [...(layers.length > 1 ? [this.layerSelect()] : []), savePicture(() => this.saved())],
      this.grid.element,
      this.key,
      element("p", { class: "hint" }, hint),
      this.host.nested ? null : sentence(header.sentence),
    );
    return wide(whole);
  }

  private layerSelect(): HTMLElement {
    const select = element("select", { "aria-label": "Layer" });
    const { layers } = this.matrices.header;
    select.append(
      ...layers.map((layer, row) => element("option", { value: row }, `layer ${layer}`)),
    );
    select.addEventListener("change", () => this.choices.set({ layer: select.value }));
    const show = (): void => {
      select.value = this.choices.get("layer");
    };
    this.choices.subscribe(show);
    show();
    return select;
  }

  private model() {
    return alignmentModel(this.matrices, this.layer, this.host.theme.scheme);
  }

  private draw(): void {
    this.grid.show(this.model(), this.matrices.header.inputs.length > FEW);
    const ends = ["0", this.matrices.told(this.matrices.largest(this.layer))] as const;
    const words = `the ${partWord(this.matrices.header)}'s part in the target token`;
    this.key.replaceChildren(rampLegend(this.host.theme.scheme, ends, [["clay", "right"]], words));
  }

  private choose({ row, col }: Place): void {
    const at = String(this.matrices.header.targets[row]!);
    this.choices.set({ at, source: String(col) });
  }

  private show(): void {
    this.grid.select(this.place, true);
    this.tell(this.place);
  }

  private tell(place: Place): void {
    this.panel.replaceChildren(...panel(this.matrices, this.layer, place));
  }

  private saved(): Saved {
    const { header } = this.matrices;
    const layer = header.layers[this.layer];
    const caption = layer === undefined ? "All targets" : `Layer ${layer}`;
    return {
      name: layer === undefined ? "alignment" : `alignment-layer${layer}`,
      sheet: {
        title: header.heading,
        words: [header.about],
        keys: [],
        plates: [{ caption, plate: this.grid.plate() }],
        palette: paletteOf(this.panel),
      },
      rows: () => this.rows(),
    };
  }

  private *rows(): Generator<Cell[]> {
    const { targets, explained, positions, inputs } = this.matrices.header;
    yield ["target", "target_token", "source", "source_token", "weight", "best"];
    for (let row = 0; row < targets.length; row++)
      for (let col = 0; col < positions.length; col++) {
        const best = this.matrices.best(this.layer, row) === col ? "yes" : "no";
        const of = [targets[row]!, explained[row]!, positions[col]!, inputs[col]!];
        yield [...of, this.matrices.at(this.layer, row, col), best];
      }
  }
}
