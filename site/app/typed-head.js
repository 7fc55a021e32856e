/**
 * The attention head that somebody types: the code, what is said of it, and what the model does with it.
 * What is typed is saved in this browser; which exercise it is, and for which head, is in the store.
 *
 * Its state, which figures follow:
 *   code, name     the text in the editor, and whose it is: undo does not reach into another
 *   ownCode        what somebody has typed for the exercise; not changes to a famous mistake
 *   exercise       what is written: "attention" or "head"; judgedAs is the same for what is in the editor
 *   mistake        the famous mistake that is in the editor (see MISTAKES), or null
 *   guess          which of its choices was chosen, or null; guesses[id]: whether it came true
 *   measured, measureError   what the mistake did (see worker.js), or why that could not be measured
 *   result         of the last run (see `run` in worker.js), and what it `awaits`; null: it has not run
 *   errorLine, changed   the line with the mistake; whether the code has changed since
 *   busy, passed   whether it runs; how many stages it has passed while it does
 *   maps           { ids, typed, builtin, hasRun } of the head that is chosen, or null
 *   story          what the model writes with it: see <typed-story>; null before
 *   focusOn        { tag } of the figure that gets the focus now, or null
 */
import { EXERCISES, MISTAKES } from "../exercise/exercises.js";
import { CodeRunner } from "./code-runner.js";
import { encodePrompt } from "./forward-pass.js";
import { layerAndHead, trialIds } from "./heads.js";
import { Observable } from "./observable.js";

/** What was typed for an exercise. A browser may refuse to store it: it is kept here as well. */
class Drafts {
  #sources = {};

  load(exercise) {
    return this.#sources[exercise] ?? this.stored(exercise) ?? EXERCISES[exercise].start;
  }

  stored(exercise) {
    try {
      return localStorage.getItem(keyOf(exercise));
    } catch {
      return null;
    }
  }

  save(exercise, code) {
    this.#sources[exercise] = code;
    try {
      if (code === EXERCISES[exercise].start) localStorage.removeItem(keyOf(exercise));
      else localStorage.setItem(keyOf(exercise), code);
    } catch {
      // a browser that stores nothing
    }
  }
}

const keyOf = (exercise) => `terrarium/write/${exercise}`;

/** The index of the choice that came true. */
export const cameTrue = ({ choices }, measured) => choices.findIndex(({ holds }) => holds(measured));

export class TypedHead extends Observable {
  runner = new CodeRunner();
  drafts = new Drafts();
  run = null; // the run that is shown
  head = "0.0"; // the head that is shown
  pass = null; // the text that heads are tried on, an error, or null until it is there
  textToTry = null; // promise of the same
  turn = 0; // grows whenever the editor gets different code
  storyTurn = 0; // the same for stories, so that late tokens of an old one are recognised

  /** Show a run: whatever belongs to another one ends. */
  open(run, exercise) {
    this.run = run;
    this.pass = null;
    this.edit({ exercise });
  }

  /** Show another head; code that has run is run again for it. */
  show(head, pass) {
    const isOther = head !== this.head;
    if (!isOther && pass === this.pass) return;
    this.head = head;
    this.pass = pass;
    if (!this.state.result) this.update({ maps: this.builtinMap() });
    else if (isOther) this.tryOut();
  }

  // What is typed ---------------------------------------------------------------------------------

  /** Put one's own code, or a famous mistake, into the editor, with all that belongs to it. */
  edit({ exercise = this.state.exercise, mistake = null, tag = null }) {
    this.stopStory();
    if (this.state.busy) this.runner.stop();
    this.turn++;
    const ownCode = this.drafts.load(exercise);
    this.update({
      exercise,
      mistake,
      ownCode,
      code: mistake ? mistake.code : ownCode,
      name: mistake?.id ?? exercise,
      judgedAs: mistake ? "attention" : exercise,
      guess: null,
      measured: null,
      measureError: "",
      story: null,
      result: null,
      errorLine: null,
      changed: false,
      maps: this.builtinMap(),
      focusOn: tag && { tag },
    });
  }

  /** Somebody has changed the code. */
  type(code) {
    const { mistake, exercise, result } = this.state;
    if (!mistake) this.drafts.save(exercise, code);
    this.update({
      code,
      errorLine: null,
      changed: Boolean(result),
      ownCode: mistake ? this.state.ownCode : code,
    });
  }

  /** Back to the code that somebody has written. */
  goBack() {
    this.edit({ tag: "code-editor" });
  }

  /** Begin again: with an empty body, or with the famous mistake as it was. */
  reset() {
    const { mistake, exercise } = this.state;
    if (!mistake) this.drafts.save(exercise, EXERCISES[exercise].start);
    this.edit({ mistake, tag: "code-editor" });
  }

  /** Have a famous mistake looked at. */
  choose(id) {
    this.edit({ mistake: MISTAKES.find((one) => one.id === id), tag: "guess-first" });
  }

  /** Choose what a famous mistake will do. */
  predict(guess) {
    this.update({ guess });
  }

  // Running it ------------------------------------------------------------------------------------

  /**
   * Run what is in the editor, and show what is said of it. `awaits`: "story" or "outcome" if that is what
   * somebody waits for, so that the page stays where it is.
   */
  async tryOut({ awaits = null } = {}) {
    if (this.state.busy || !this.run) return;
    this.stopStory();
    const { turn, head } = this;
    const { code } = this.state;
    this.update({ busy: true, passed: 0 });
    const result = await this.judge(code);
    this.update({ busy: false });
    if (this.turn !== turn) return;
    if (this.head !== head) {
      await this.tryOut({ awaits });
      return;
    }
    const changed = this.state.code !== code;
    this.update({
      result: { ...result, awaits },
      changed,
      errorLine: changed ? null : (result.mistake?.line ?? null),
      maps: result.maps ?? this.builtinMap(true),
    });
    if (!changed && this.state.mistake && !this.state.measured) await this.measure(this.state.result);
  }

  /** Stop what is being judged. */
  stop() {
    if (this.state.busy) this.runner.stop();
  }

  /** @returns {Promise<any>} a result; that it could not be judged is one, too */
  async judge(code) {
    const exercise = this.state.judgedAs;
    const [layer, head] = layerAndHead(this.head);
    try {
      const pass = await this.textToTry;
      if (pass instanceof Error) throw pass;
      const ids = trialIds(pass);
      const result = await this.runner.run(this.run, { code, exercise, ids, layer, head }, (passed) =>
        this.update({ passed }),
      );
      return { ...result, code, exercise };
    } catch ({ message }) {
      return {
        passed: [],
        mistake: { stage: "read", message, hint: null, line: null },
        printed: [],
        truncated: 0,
        code,
        exercise,
      };
    }
  }

  /** Measure what a famous mistake does, and check the guess. */
  async measure(result) {
    const { mistake } = this.state;
    const isCurrent = () => this.state.result === result && this.state.mistake === mistake;
    let loss;
    try {
      if (!result.measured) throw new Error("This code returned no map to measure.");
      loss = await this.runner.loss(this.run, result);
    } catch (error) {
      if (isCurrent()) this.update({ measureError: error.message });
      return;
    }
    if (!isCurrent()) return;
    const measured = {
      ...result.measured,
      loss: loss.typed,
      builtinLoss: loss.builtin,
      uniformLoss: Math.log(this.run.vocab.length),
    };
    const { guess, guesses } = this.state;
    const came = guess === null ? {} : { [mistake.id]: cameTrue(mistake, measured) === guess };
    this.update({ measured, guesses: { ...guesses, ...came } });
  }

  /** The attention pattern of the model's built-in head; null until the text is there. */
  builtinMap(hasRun = false) {
    const { pass, head } = this;
    if (!pass || pass instanceof Error) return null;
    const ids = trialIds(pass);
    const T = ids.length;
    const builtin = new Float32Array(T * T);
    const [layer, i] = layerAndHead(head);
    const index = layer * this.run.manifest.settings.n_head + i;
    for (let query = 0; query < T; query++) builtin.set(pass.attentionRow(index, query), query * T);
    return { ids, builtin, typed: null, hasRun };
  }

  // In the model ----------------------------------------------------------------------------------

  /** Let the model continue a prompt with the typed head, and with its own; code that changed runs first. */
  async tell(prompt) {
    if (this.state.changed) await this.tryOut({ awaits: "story" });
    const { result, changed } = this.state;
    if (changed || !result?.passed.includes("shape")) return;
    const turn = ++this.storyTurn;
    const texts = { typed: [], builtin: [] };
    const show = (changes) => {
      if (turn === this.storyTurn) this.update({ story: { ...this.state.story, ...changes } });
    };
    show({ prompt, ...texts, code: result.code, busy: true, message: "", loss: null, lossMessage: "" });
    await this.writeBoth(prompt, result, (token) => {
      for (const [whose, one] of Object.entries(token)) if (one) texts[whose] = [...texts[whose], one];
      show(texts);
    }).catch((error) => show({ message: error.message }));
    if (turn !== this.storyTurn) return;
    await this.runner.loss(this.run, result).then(
      (loss) => show({ loss }),
      (error) => show({ lossMessage: error.message }),
    );
    show({ busy: false });
  }

  writeBoth(prompt, result, onToken) {
    const {
      settings: { temperature },
      prompts,
    } = this.run.manifest;
    const { start, encoded } = encodePrompt(this.run, prompts[prompt]);
    const ids = [...start, ...encoded];
    const end = start[0] ?? null;
    return this.runner.write(this.run, { ...result, ids, end, seed: 1, temperature }, onToken);
  }

  /** Stop a story; what there is of it stays. */
  stopStory() {
    const { story } = this.state;
    if (!story?.busy) return;
    this.storyTurn++;
    this.runner.stop();
    this.update({ story: { ...story, busy: false, message: "Stopped." } });
  }
}
