/** All that somebody needs who wants to have a text written again: what can be copied of it as JSON. */
import { parseBranch } from "./branch.js";
import { END } from "../engine/tokenizer.js";

/**
 * @param {import("./writing.js").Writing["state"]} state of a text that is written
 * @param {string} link the address that shows it
 */
export function textRecord({ request, model, promptIds, tokens }, link) {
  const { run, temperature, topK, topP, seed, branch } = request;
  const { vocab, manifest } = run;
  const textOf = (ids) =>
    ids
      .map((id) => vocab[id])
      .filter((token) => token !== END)
      .join("");
  return {
    link,
    run: run.name,
    step: model.step,
    weights: manifest.weights.tensors[0].type,
    prompt: textOf(promptIds),
    prompt_ids: promptIds,
    sampling: { temperature, top_k: topK, top_p: topP },
    seed,
    branch: parseBranch(branch),
    tokens: tokens.map(({ id, p }) => ({ id, token: vocab[id], probability: p })),
    text: textOf([...promptIds, ...tokens.map(({ id }) => id)]),
  };
}
