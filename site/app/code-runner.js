/**
 * Runs typed code with exercise/worker.js, inside the model of a run, with its final weights.
 *
 *   const runner = new CodeRunner();
 *   await runner.run(run, { code, exercise: "attention", ids, layer, head })
 */
import { EXERCISES } from "../exercise/exercises.js";
import { LiveModel } from "./model.js";
import { UserError } from "./run.js";
import { WorkerClient, WorkerTimeout } from "./worker-client.js";

// Milliseconds without a message after which the worker is ended:
const START_TIMEOUT = 30_000; // until Python and the weights are there
const RUN_TIMEOUT = 10_000; // each check, which says that it is passed
const TEXT_TIMEOUT = 30_000; // reading or writing a whole text

/** The code took too long, or was stopped. */
export class CodeStopped extends Error {}

const EMPTY_MODULE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** Whether WebAssembly is there, and no policy forbids it. */
function allowsWebAssembly() {
  try {
    return Boolean(new WebAssembly.Module(EMPTY_MODULE));
  } catch {
    return false;
  }
}

export class CodeRunner {
  worker = new WorkerClient(new URL("../exercise/worker.js", import.meta.url));

  /** Start Python, and load the model of a run into it. */
  async open(run) {
    if (!allowsWebAssembly()) {
      throw new UserError(
        "Python runs in this page by means of WebAssembly, which is not allowed here. Either it is switched " +
          "off in this browser: switch it on, or use another one. Or the server forbids it: the script-src of " +
          "its Content-Security-Policy needs 'wasm-unsafe-eval'.",
        null,
      );
    }
    const { model } = new LiveModel(run, run.manifest.snapshots.at(-1).step);
    try {
      await this.worker.call("open", { model }, { timeout: START_TIMEOUT });
    } catch (error) {
      if (error instanceof CodeStopped) throw error;
      throw new UserError(
        `This page cannot run Python in the model of ${run.label}. ${error.message}`,
        run.command,
      );
    }
    return model;
  }

  /** @throws {CodeStopped|UserError|Error} the message of an Error is about the typed code */
  async call(run, method, params, { timeout = RUN_TIMEOUT, onProgress = () => {} } = {}) {
    const model = await this.open(run);
    try {
      return await this.worker.call(method, { model, ...params }, { timeout, onProgress });
    } catch (error) {
      if (!(error instanceof WorkerTimeout)) throw error;
      throw new CodeStopped(
        `Stopped after ${timeout / 1000} seconds without a result. Is there an endless ` +
          "loop in it, or is it just slow?",
      );
    }
  }

  /**
   * Judge a source; see `run` in worker.js for the result. onPassed gets how many stages are passed so far.
   */
  async run(run, { code, exercise, ids, layer, head }, onPassed = (_) => {}) {
    const check = await run.part("check");
    const logits = await run.logits(run.manifest.snapshots.at(-1).step);
    const { defines, stages } = EXERCISES[exercise];
    let passed = 0;
    const onProgress = (stage) => {
      if (stage !== stages[passed]) return; // typed code can send anything
      passed += 1;
      onPassed(passed);
    };
    const params = { code, defines, ids, layer, head, check: { ...check, logits } };
    const result = await this.call(run, "run", params, { onProgress });
    if (isPlausible(result, stages)) return result;
    this.stop(); // the next code gets a fresh Python
    throw new Error("This code changed the judge itself, so it cannot be judged.");
  }

  /**
   * The loss on the run's held-out text: with typed code, with the model's built-in attention, and in
   * PyTorch. @throws {UserError} where there is no such text
   */
  async loss(run, { code, exercise }) {
    const { held_out: text } = await run.part("check");
    if (!text) {
      throw new UserError(
        run.manifest.missing["held-out text"] ??
          "This run was exported before there was a " + "text to measure a loss on.",
        run.command,
      );
    }
    const { defines } = EXERCISES[exercise];
    const { typed, builtin } = await this.call(
      run,
      "loss",
      { code, defines, ids: text.ids },
      { timeout: TEXT_TIMEOUT },
    );
    return {
      typed: Number(typed),
      builtin: Number(builtin),
      pytorch: text.loss,
      tokens: text.ids.length - 1,
    };
  }

  /**
   * Let both continue a text, with the same random numbers. onToken gets { builtin } or { typed }, of
   * which each is { id, p }.
   */
  write(run, { code, exercise, ids, seed, temperature, end }, onToken) {
    const { defines } = EXERCISES[exercise];
    const how = { temperature };
    const onProgress = ({ typed, builtin }) => {
      const isToken = run.vocab[(typed ?? builtin)?.id] !== undefined;
      if (isToken) onToken({ typed, builtin });
    };
    return this.call(
      run,
      "write",
      { code, defines, ids, seed, how, end },
      { timeout: TEXT_TIMEOUT, onProgress },
    );
  }

  /** Stop whatever runs. */
  stop() {
    this.worker.end(new CodeStopped("Stopped."));
  }
}

const isText = (thing) => typeof thing === "string";
const isLine = (thing) => thing === null || Number.isInteger(thing);

/**
 * Whether a result is what <head-check> expects. Typed code runs in the same Python as its judge, and can
 * change everything there, so only plausible results are accepted: the stages come in order, each once,
 * and "in_model" is measured outside Python. People can still cheat themselves; but only text and
 * numbers are shown, and nothing leaves this site.
 */
function isPlausible(result, stages) {
  const { passed, mistake, maxAbsDiff, n_logits, printed, truncated, maps } = result ?? {};
  const isInOrder = Array.isArray(passed) && passed.every((stage, i) => stage === stages[i]);
  const isComplete =
    !mistake && passed?.length === stages.length && Number.isFinite(maxAbsDiff) && Number.isInteger(n_logits);
  const isMistake =
    isText(mistake?.message) &&
    isText(mistake.hint) &&
    isLine(mistake.line) &&
    mistake.stage === (mistake.stage === "read" && !passed?.length ? "read" : stages[passed?.length]);
  const isOutput = Array.isArray(printed) && printed.every(isText) && Number.isInteger(truncated);
  const isDrawable =
    !maps || [maps.builtin, maps.typed ?? maps.builtin].every((map) => map instanceof Float32Array);
  return isInOrder && (isComplete || isMistake) && isOutput && isDrawable;
}
