/**
 * What somebody typed, run by exercise/worker.js inside the model of a run, with its final weights.
 *
 *   const bench = new Bench();
 *   await bench.run(run, { code, exercise: "attention", ids, layer, head })
 */
import { EXERCISES } from "../exercise/exercises.js";
import { Asked, TooLong } from "./asked.js";
import { LiveModel } from "./model.js";
import { Trouble } from "./run.js";

const [LIMIT, PATIENCE] = [2000, 8000];  // milliseconds without a sign of life: a run, a whole text
const START = 30_000;  // milliseconds for Python and the weights to be there

/** The code took too long, and was ended. */
export class Endless extends Error {}

export class Bench {
  worker = new Asked(new URL("../exercise/worker.js", import.meta.url));

  /** Start Python, and load the model of a run into it. */
  async open(run) {
    const { model } = new LiveModel(run, run.manifest.snapshots.at(-1).step);
    try {
      await this.worker.ask("open", { model }, { limit: START });
    } catch (error) {
      if (error instanceof Endless) throw error;
      throw new Trouble(`This page cannot run Python in the model of ${run.words}. ${
        error.message}`, run.command);
    }
    return model;
  }

  /** @throws {Endless|Trouble|Error} an Error has a sentence about the typed code */
  async ask(run, call, given, { limit = LIMIT, onPart } = {}) {
    const model = await this.open(run);
    try {
      return await this.worker.ask(call, { model, ...given }, { limit, onPart });
    } catch (error) {
      if (!(error instanceof TooLong)) throw error;
      throw new Endless(`Stopped after ${limit / 1000} seconds without a result. Is there an endless `
        + "loop in it, or is it just slow?");
    }
  }

  /** Judge a source; see `run` in worker.js for the result. */
  async run(run, { code, exercise, ids, layer, head }) {
    const check = await run.part("check");
    const logits = await run.logits(run.manifest.snapshots.at(-1).step);
    const { defines, stages } = EXERCISES[exercise];
    const result = await this.ask(run, "run", { code, defines, ids, layer, head,
                                                check: { ...check, logits } });
    if (isBelieved(result, stages)) return result;
    this.halt();  // the next code gets a fresh Python
    throw new Error("This code changed the judge itself, so it cannot be judged.");
  }

  /**
   * The loss on the run's held-out text: with a typed source (`mine`), with the model's own attention (`own`),
   * and in PyTorch. @throws {Trouble} where there is no such text
   */
  async loss(run, { code, exercise }) {
    const { held_out: text } = await run.part("check");
    if (!text) {
      throw new Trouble(run.manifest.missing["held-out text"] ?? "This run was exported before there was a "
        + "text to measure a loss on.", run.command);
    }
    const { defines } = EXERCISES[exercise];
    const found = await this.ask(run, "loss", { code, defines, ids: text.ids }, { limit: PATIENCE });
    return { mine: Number(found.mine), own: Number(found.own), pytorch: text.loss, tokens: text.ids.length - 1 };
  }

  /** Let both continue a text, with the same random numbers; onPart gets { own } or { mine }, { id, p }. */
  write(run, { code, exercise, ids, seed, temperature, end }, onPart) {
    const { defines } = EXERCISES[exercise], how = { temperature };
    const tell = ({ mine, own }) => run.symbols[(mine ?? own)?.id] !== undefined && onPart({ mine, own });
    return this.ask(run, "write", { code, defines, ids, seed, how, end }, { limit: PATIENCE, onPart: tell });
  }

  /** End whatever runs. */
  halt() {
    this.worker.end(new Endless("Stopped."));
  }
}

const isText = (thing) => typeof thing === "string";

/**
 * Whether a result is as <head-check> wants it. The code that is judged runs beside what judges it, in a Python in
 * which it can change everything, so only plausible answers are believed: the stages come in order, each
 * once, and "in the model" is measured outside Python. People can still cheat themselves; but
 * only text and numbers are shown, and nothing leaves this site.
 */
function isBelieved(result, stages) {
  const { passed, failed, unread, says, printed, more, line, maps } = result ?? {};
  const isInOrder = Array.isArray(passed) && passed.every((name, i) => name === stages[i])
    && (unread === true ? !passed.length && isText(failed) : failed === (stages[passed.length] ?? ""));
  const isShown = [says, ...printed ?? [0]].every(isText) && Number.isInteger(more)
    && (line === null || Number.isInteger(line));
  const isDrawn = !maps || [maps.own, maps.mine ?? maps.own].every((map) => map instanceof Float32Array);
  return isInOrder && isShown && isDrawn;
}
