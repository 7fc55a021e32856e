/**
 * The attention head that somebody types: the code, what is said of it, and what the model does with it.
 * What is typed is saved in this browser; which exercise it is, in which way, and for which head, is in the store.
 *
 * Its state, which figures follow:
 *   code, name     the text in the editor, and whose it is: undo does not reach into another
 *   ownCode        what somebody has typed for the exercise; not changes to a famous mistake
 *   exercise       what is written: "attention" or "head"; judgedAs is the same for what is in the editor
 *   way            how it is written: "order", "blanks" or "empty" (see exercise/ways.js)
 *   answer         a right answer, once somebody has asked for it; null before
 *   knowsAnswer    whether somebody has seen one, or written one: a famous mistake gives away the rest of it
 *   asked          the id of a famous mistake that waits for somebody to say that they want to see it, or null
 *   mistake        the famous mistake that is in the editor (see exercise/mistakes.js), or null
 *   guess          which of its choices was chosen, or null; guesses[id]: whether it came true
 *   measured, measureError   what the mistake did (see worker.js), or why that could not be measured
 *   result         of the last run (see `run` in worker.js), and what it `awaits`; null: it has not run
 *   errorLine, changed   the line with the mistake; whether the code has changed since
 *   busy, passed   whether it runs; how many stages it has passed while it does
 *   maps           { ids, typed, builtin, hasRun } of the head that is chosen, or null
 *   story          what the model writes with it: see <typed-story>; null before
 *   focusOn        { tag } of the figure that gets the focus now, or null
 */
import { fitsWay, lineOfBlank, startOf } from "../exercise/ways.js";
import { CodeRunner } from "./code-runner.js";
import { encodePrompt } from "./forward-pass.js";
import { layerAndHead, trialIds } from "./heads.js";
import { Observable } from "./observable.js";
import { HEADS } from "./progress.js";

/** What was typed for an exercise, in one way. A browser may refuse to store it: it is kept here as well. */
class Drafts {
  #sources = {};

  load(exercise, way) {
    const key = keyOf(exercise, way);
    const source = this.#sources[key] ?? stored(key);
    return source !== null && fitsWay(exercise, way, source) ? source : startOf(exercise, way);
  }

  save(exercise, way, code) {
    const key = keyOf(exercise, way);
    this.#sources[key] = code;
    try {
      if (code === startOf(exercise, way)) localStorage.removeItem(key);
      else localStorage.setItem(key, code);
    } catch {
      // a browser that stores nothing
    }
  }
}

function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

const keyOf = (exercise, way) => `${HEADS}${exercise}${way === "empty" ? "" : `/${way}`}`;

/** What a famous mistake is made of, fetched only when somebody wants to see it: it gives the answer away. */
async function loadMistake(id) {
  const [{ mistakeIn }, { answerTo }] = await Promise.all([
    import("../exercise/mistakes.js"),
    import("../exercise/answers.js"),
  ]);
  return mistakeIn(id, answerTo("attention"));
}

/** The result of code that could not even be read. */
const unread = (code, exercise, mistake) => ({
  passed: [],
  mistake: { stage: "read", ...mistake },
  printed: [],
  truncated: 0,
  code,
  exercise,
});

/** The stage at which code fails. */
const stageOf = (result) => result?.mistake?.stage;

// The figure in which somebody writes, for each way.
export const PLACES = { order: "line-order", blanks: "code-blanks", empty: "code-editor" };

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
  open(run, exercise, way) {
    this.run = run;
    this.pass = null;
    this.edit({ exercise, way });
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
  edit({ exercise = this.state.exercise, way = this.state.way, mistake = null, tag = null }) {
    this.stopStory();
    if (this.state.busy) this.runner.stop();
    this.turn++;
    const ownCode = this.drafts.load(exercise, way);
    this.update({
      exercise,
      way,
      answer: null,
      asked: null,
      mistake,
      ownCode,
      code: mistake ? mistake.code : ownCode,
      name: mistake?.id ?? `${exercise}-${way}`,
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
    const { mistake, exercise, way, result } = this.state;
    if (!mistake) this.drafts.save(exercise, way, code);
    this.update({
      code,
      errorLine: null,
      changed: Boolean(result),
      ownCode: mistake ? this.state.ownCode : code,
    });
  }

  /** Back to the code that somebody has written. */
  goBack() {
    this.edit({ tag: this.place });
  }

  /** Begin again: with an empty body, or with the famous mistake as it was. */
  reset() {
    const { mistake, exercise, way } = this.state;
    if (!mistake) this.drafts.save(exercise, way, startOf(exercise, way));
    this.edit({ mistake, tag: mistake ? "code-editor" : this.place });
  }

  /** The figure in which somebody writes. */
  get place() {
    return PLACES[this.state.way];
  }

  /** Show a right answer. */
  async showAnswer() {
    const { turn } = this;
    const { judgedAs, way, mistake } = this.state;
    const { answerTo } = await import("../exercise/answers.js");
    const answer = answerTo(judgedAs, mistake ? "empty" : way);
    if (this.turn === turn) this.update({ answer, knowsAnswer: true });
  }

  hideAnswer() {
    this.update({ answer: null });
  }

  /**
   * Have a famous mistake looked at. All but one thing in it is right: who has not written a right head asks for that
   * a second time. @returns {Promise<boolean>} whether it is in the editor
   */
  async choose(id, { isSure = false } = {}) {
    if (!isSure && !this.state.knowsAnswer) {
      this.update({ asked: id });
      return false;
    }
    const { turn } = this;
    const mistake = await loadMistake(id);
    if (this.turn !== turn) return false; // somebody has gone on to something else
    this.update({ knowsAnswer: true });
    this.edit({ mistake, tag: "guess-first" });
    return true;
  }

  /** Rather not look at a famous mistake yet. */
  decline() {
    this.update({ asked: null });
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
      answer: stageOf(result) === stageOf(this.state.result) ? this.state.answer : null,
      knowsAnswer: this.state.knowsAnswer || !result.mistake,
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
    const line = this.state.way === "blanks" && !this.state.mistake ? lineOfBlank(code) : 0;
    if (line) return unread(code, exercise, { message: "A blank is still empty.", hint: "blank", line });
    const [layer, head] = layerAndHead(this.head);
    try {
      const pass = await this.textToTry;
      if (pass instanceof Error) throw pass;
      const ids = trialIds(pass);
      const result = await this.runner.run(this.run, { code, exercise, ids, layer, head }, (passed) =>
        this.update({ passed }),
      );
      return { ...this.withHint(result), code, exercise };
    } catch ({ message }) {
      return unread(code, exercise, { message, hint: null, line: null });
    }
  }

  /** A result whose larger hint fits how the code is written: lines that are given only have to change places. */
  withHint(result) {
    const { mistake } = result;
    const isOrder = this.state.way === "order" && !this.state.mistake && mistake;
    return isOrder ? { ...result, mistake: { ...mistake, hint: "order" } } : result;
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
