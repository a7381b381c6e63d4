import type { Drawn, ExploreAnswer, ExploreHeader, ExploreNode } from "../../spec/explore";
import { arrayOf, type Spec } from "../../spec/spec";
import type { Candidates } from "./distribution";

/** The trees explored so far: those of the picture, and what Python has answered since. */
export class Forest {
  private readonly nodes: ExploreNode[];
  private readonly known: Candidates[];
  private readonly samples = new Map<number, Drawn>();

  constructor(private readonly spec: Spec<ExploreHeader>) {
    const { nodes, samples } = spec.header;
    this.nodes = [...nodes];
    this.known = nodes.map((_, node) => this.read(node));
    for (const drawn of samples) this.samples.set(drawn.node, drawn);
  }

  get size(): number {
    return this.nodes.length;
  }

  node(at: number): ExploreNode {
    return this.nodes[at]!;
  }

  candidates(at: number): Candidates {
    return this.known[at]!;
  }

  drawn(at: number): Drawn | null {
    return this.samples.get(at) ?? null;
  }

  children(at: number): number[] {
    return this.nodes.flatMap((node, i) => (node.parent === at ? [i] : []));
  }

  /** The node of a candidate that was picked before, or null. */
  child(at: number, id: number): number | null {
    return this.children(at).find((i) => this.node(i).token_id === id) ?? null;
  }

  /** From the beginning to a node. */
  path(at: number): number[] {
    const { parent } = this.node(at);
    return parent < 0 ? [at] : [...this.path(parent), at];
  }

  /** The position of a node's last token. */
  end(at: number): number {
    return this.path(at).reduce((sum, one) => sum + this.node(one).labels.length, -1);
  }

  add({ at, node, ids, labels, logits, totals, drawn }: ExploreAnswer): void {
    this.nodes[at] = node;
    this.known[at] = { ids, labels, logits, totals, vocab: this.spec.header.vocab };
    if (drawn) this.samples.set(drawn.node, drawn);
  }

  private read(node: number): Candidates {
    const { vocabulary, vocab } = this.spec.header;
    const row = (name: string): number[] => {
      const grid = arrayOf(this.spec, name);
      return Array.from({ length: grid.shape[1]! }, (_, i) => grid.at(node, i));
    };
    return {
      ids: row("candidate_id"),
      labels: row("candidate_index").map((i) => vocabulary[i]!),
      logits: row("candidate_logit"),
      totals: row("log_total"),
      vocab,
    };
  }
}
