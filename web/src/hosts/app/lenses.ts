/** The lenses of a run as the app offers them, and the arguments that can be given to each. */

/** How an argument is typed: a whole number, a text, several texts, or one of some. */
export interface Argument {
  readonly name: string;
  readonly words: string;
  readonly form: "whole" | "text" | "texts" | readonly string[];
  readonly hint: string;
}

export interface Lens {
  readonly name: string;
  readonly title: string;
  /** What it answers; said until there is a picture. */
  readonly question: string;
  readonly arguments: readonly Argument[];
  /** An argument without which there is no picture. */
  readonly needs?: string;
}

const AT: Argument = {
  name: "at",
  words: "position",
  form: "whole",
  hint: "counts from 0; −1 is the last",
};
const K: Argument = { name: "k", words: "tokens", form: "whole", hint: "how many candidates" };
const LAYER: Argument = {
  name: "layer",
  words: "layer",
  form: "whole",
  hint: "counts from 0",
};
const SEED: Argument = { name: "seed", words: "seed", form: "whole", hint: "where it begins" };

export const LENSES: readonly Lens[] = [
  {
    name: "report",
    title: "Report",
    question: "All lenses on one page, about one chosen token.",
    arguments: [],
  },
  {
    name: "logit_lens",
    title: "Logit lens",
    question: "What did it guess after each layer?",
    arguments: [
      { ...K, hint: "top tokens of each cell" },
      {
        name: "rank_of",
        words: "rank of",
        form: "text",
        hint: "top, next, input, or a token such as “ Paris”",
      },
      {
        name: "against",
        words: "against",
        form: ["final", "input"],
        hint: "what KL compares with",
      },
      { name: "inside", words: "inside", form: ["false", "true"], hint: "also inside each block" },
    ],
  },
  {
    name: "predictions",
    title: "Candidates",
    question: "What did it nearly say?",
    arguments: [AT, K],
  },
  {
    name: "watch",
    title: "Race",
    question: "How did chosen tokens race through the layers?",
    arguments: [
      {
        name: "tokens",
        words: "tokens",
        form: "texts",
        hint: "one a line, with their space: “ is”",
      },
      AT,
    ],
    needs: "tokens",
  },
  {
    name: "saliency",
    title: "Saliency",
    question: "Which words did it read?",
    arguments: [
      { name: "contrast", words: "rather than", form: "text", hint: "a token it might have said" },
    ],
  },
  {
    name: "deletion",
    title: "Deletion",
    question: "Does the prediction change when what it read is taken away?",
    arguments: [
      { name: "target", words: "target", form: "whole", hint: "position of a token that was said" },
      SEED,
    ],
  },
  { name: "attention", title: "Attention", question: "Where did it look?", arguments: [] },
  {
    name: "attention_neuron",
    title: "One head",
    question: "How do queries and keys make a head look where it does?",
    arguments: [
      LAYER,
      { name: "head", words: "head", form: "whole", hint: "counts from 0" },
      { ...AT, hint: "the position that looks; −1 is the last" },
    ],
  },
  { name: "neurons", title: "Neurons", question: "Which neurons fired?", arguments: [] },
  {
    name: "factors",
    title: "Factors",
    question: "Which neurons fired together?",
    arguments: [{ name: "n", words: "factors", form: "whole", hint: "how many" }, SEED],
  },
  {
    name: "clusters",
    title: "Clusters",
    question: "Which groups of neurons are there?",
    arguments: [{ name: "n", words: "clusters", form: "whole", hint: "how many" }, SEED],
  },
  {
    name: "walk",
    title: "Walk",
    question: "What does one block do, step by step, with its real numbers?",
    arguments: [AT, LAYER],
  },
  {
    name: "anatomy",
    title: "Model",
    question: "What is the model made of?",
    arguments: [],
  },
];

/** The lenses under which two runs are compared. */
export const COMPARED: readonly (readonly [name: string, title: string])[] = [
  ["logit_lens", "Logit lens"],
  ["predictions", "Candidates"],
  ["saliency", "Saliency"],
  ["neurons", "Neurons"],
  ["factors", "Factors"],
  ["clusters", "Clusters"],
  ["experts", "Experts"],
  ["attention", "Attention"],
];
