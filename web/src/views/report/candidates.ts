import { card } from "../../parts/card";
import { candidateBar } from "../../parts/candidates";
import { element } from "../../parts/dom";
import type { Selection } from "../../parts/selection";
import type { ReportHeader } from "../../spec/report";
import { arrayOf, type Spec } from "../../spec/spec";
import { placeOf } from "./place";

/** The likeliest next tokens at the position that is read, after the last layer. */
export class Nearly {
  readonly card: HTMLElement;
  private readonly bars = element("div", { class: "report-candidates" });

  constructor(
    private readonly spec: Spec<ReportHeader>,
    private readonly selection: Selection,
  ) {
    const k = arrayOf(spec, "token_id").shape[1]!;
    const known = spec.header.masked ? "" : " In bold: the one that came.";
    const about = `The ${k} likeliest tokens after the last layer.${known}`;
    this.card = card("What it nearly said", about, [], this.bars);
  }

  get isEmpty(): boolean {
    return arrayOf(this.spec, "token_id").shape[1] === 0;
  }

  show(): void {
    const { header } = this.spec;
    const { row } = placeOf(header, this.selection);
    const [index, id] = [arrayOf(this.spec, "top_index"), arrayOf(this.spec, "token_id")];
    const probability = arrayOf(this.spec, "probability");
    const bars = Array.from({ length: id.shape[1]! }, (_, j) => j)
      .filter((j) => id.at(row, j) >= 0)
      .map((j) =>
        candidateBar({
          label: header.vocabulary[index.at(row, j)]!,
          probability: probability.at(row, j),
          logit: NaN,
          isFinal: false,
          isNext: id.at(row, j) === header.next_ids[row],
        }),
      );
    this.bars.replaceChildren(...bars);
  }
}
