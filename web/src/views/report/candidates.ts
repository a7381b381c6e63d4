import { card } from "../../parts/card";
import { candidateBar, type Candidate } from "../../parts/candidates";
import { element } from "../../parts/dom";
import type { Selection } from "../../parts/selection";
import type { ReportHeader } from "../../spec/report";
import { arrayOf, type Spec } from "../../spec/spec";
import { placeOf } from "./place";

/** The likeliest next tokens at the position that is read, after the last layer. */
export class TopTokens {
  readonly card: HTMLElement;
  private readonly about = element("span");
  private readonly bars = element("div", { class: "report-candidates" });

  constructor(
    private readonly spec: Spec<ReportHeader>,
    private readonly selection: Selection,
  ) {
    this.card = card("What it nearly said", this.about, [], this.bars);
  }

  get isEmpty(): boolean {
    return arrayOf(this.spec, "token_id").shape[1] === 0;
  }

  show(): void {
    const { row, came } = placeOf(this.spec.header, this.selection);
    const found = this.candidates(row);
    const likeliest = `The ${found.length} likeliest tokens after the last layer.`;
    this.about.textContent = likeliest + known(came, found);
    this.bars.replaceChildren(...found.map(candidateBar));
  }

  private candidates(row: number): Candidate[] {
    const { vocabulary, next_ids: nexts } = this.spec.header;
    const [index, id] = [arrayOf(this.spec, "top_index"), arrayOf(this.spec, "token_id")];
    const probability = arrayOf(this.spec, "probability");
    return Array.from({ length: id.shape[1]! }, (_, j) => j)
      .filter((j) => id.at(row, j) >= 0)
      .map((j) => ({
        label: vocabulary[index.at(row, j)]!,
        probability: probability.at(row, j),
        logit: NaN,
        isFinal: false,
        isNext: id.at(row, j) === nexts[row],
      }));
  }
}

/** What is known of the token that came, where one did. */
function known(came: string, found: readonly Candidate[]): string {
  if (!came) return "";
  return found.some(({ isNext }) => isNext)
    ? " In bold: the one that came."
    : " The one that came is none of them.";
}
