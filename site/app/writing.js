/**
 * A text while the model writes it. Figures follow its state:
 *   request       what was asked for: run, step, text, temperature, topK, topP, seed, branch, length
 *   model         a LiveModel with the weights of the step
 *   promptIds     (P); unknown: characters of the prompt that are left out, nUnknown of them; isTruncated: whether
 *                 it was cut, by nLeft tokens
 *   tokens        what the model wrote so far: { id, p, top, entropy } of each
 *   isWriting, tokensPerSecond
 *   failure       why it cannot write
 *   branches      the texts that somebody has seen of this prompt: { step, branch, seed, tokens } of each
 */
import { commonLength, parseBranch } from "./branch.js";
import { encodeTyped, tokenizerOf } from "./forward-pass.js";
import { LiveModel, nearestSnapshot } from "./model.js";
import { Observable } from "./observable.js";

const MAX_BRANCHES = 40;
const KEPT = ["text", "temperature", "topK", "topP", "seed"]; // while they are the same, a text may go on

export class Writing extends Observable {
  state = {
    request: null,
    model: null,
    promptIds: [],
    unknown: [],
    nUnknown: 0,
    isTruncated: false,
    nLeft: 0,
    tokens: [],
    isWriting: false,
    tokensPerSecond: null,
    failure: null,
    branches: [],
  };

  /** Write what is asked for; of the present text, what is the same stays. */
  async write(request) {
    const { request: before, tokens } = this.state;
    if (before && isSameText(before, request) && before.length === request.length) return;
    const kept = tokens.slice(0, before ? commonTokens(before, request) : 0);
    this.stop();
    const controller = (this.controller = new AbortController());
    try {
      const prompt = await encodeTyped(request.run, request.text);
      if (controller.signal.aborted) return;
      const model = new LiveModel(request.run, nearestSnapshot(request.run, request.step));
      const isSamePrompt = before?.run === request.run && before?.text === request.text;
      this.update({
        request,
        model,
        promptIds: [...prompt.start, ...prompt.encoded],
        unknown: prompt.unknown,
        nUnknown: prompt.nUnknown,
        isTruncated: prompt.isTruncated,
        nLeft: prompt.nLeft,
        tokens: kept.slice(0, request.length),
        failure: null,
        branches: isSamePrompt ? this.state.branches : [],
      });
      await this.goOn(controller.signal);
    } catch (error) {
      if (!controller.signal.aborted) this.update({ isWriting: false, failure: error });
    }
  }

  /** Write until the length that is asked for, the end of the text, or a full context. */
  async goOn(signal) {
    const { request, model, promptIds, tokens } = this.state;
    const { run, temperature, topK, topP, seed, length } = request;
    const { end } = tokenizerOf(run);
    if (!promptIds.length || tokens.length >= length || (end !== null && tokens.at(-1)?.id === end)) {
      this.update({ isWriting: false });
      return;
    }
    this.update({ isWriting: true });
    const written = tokens.length;
    const { milliseconds } = await model.generate(
      {
        ids: [...promptIds, ...tokens.map(({ id }) => id)],
        sampling: { temperature, topK, topP },
        branch: parseBranch(request.branch),
        seed,
        written,
        tokens: length,
        end,
      },
      { signal, onProgress: (more) => this.update({ tokens: [...this.state.tokens, ...more] }) },
    );
    const n = this.state.tokens.length - written;
    this.update({ isWriting: false, tokensPerSecond: n > 4 ? (1000 * n) / milliseconds : null });
    this.keepBranch();
  }

  /** Remember the finished text, to go back to. */
  keepBranch() {
    const { request, model, tokens, branches } = this.state;
    const { branch, seed } = request;
    const { step } = model;
    const others = branches.filter((one) => one.step !== step || one.branch !== branch || one.seed !== seed);
    this.update({ branches: [...others, { step, branch, seed, tokens }].slice(-MAX_BRANCHES) });
  }

  stop() {
    this.controller?.abort();
    if (this.state.isWriting) this.update({ isWriting: false });
  }
}

function isSameText(a, b) {
  return (
    a.run === b.run && a.step === b.step && a.branch === b.branch && KEPT.every((name) => a[name] === b[name])
  );
}

/** How many tokens two requests have in common, whatever the model is. */
function commonTokens(before, request) {
  if (before.run !== request.run || before.step !== request.step) return 0;
  if (!KEPT.every((name) => before[name] === request[name])) return 0;
  return commonLength(parseBranch(before.branch), parseBranch(request.branch));
}
