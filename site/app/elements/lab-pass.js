/**
 * <lab-pass> <lab-sentence></lab-sentence> <attention-map></attention-map> … </lab-pass>
 *
 * A sentence of the text of the lab, read by the model that learns from it, again and again while it learns. Figures of a
 * forward pass show it inside of this as in a <forward-pass>; <lab-sentence> chooses the sentence. What is chosen here,
 * such as a head, stands in no address.
 */
import { END } from "../../engine/tokenizer.js";
import { ask, provide } from "../context.js";
import { ForwardPass } from "../forward-pass.js";
import { Asking } from "../lab-asking.js";
import { sentencesOf } from "../lab-sentences.js";
import { Observable } from "../observable.js";
import { UserError } from "../run.js";
import { Store } from "../store.js";

const N_SENTENCES = 8;
const MOST_TOKENS = 28; // of a sentence: more have no room for their names beside a map

const PASSES = { sides: null, comparison: null, isCompared: false, weightsError: null, isStale: false };

class LabPass extends HTMLElement {
  page = Object.assign(new Observable(), { state: { runs: [], run: null } });
  store = new Store(withoutAddress());
  passes = Object.assign(new Observable(), {
    state: { ...PASSES, both: [null], defaultPosition: "last", isFar: true },
  });
  /** What <lab-sentence> shows: the sentence, whether there are others, why nothing can be shown, and how many tokens have room, if not all. */
  sentences = Object.assign(new Observable(), {
    state: { sentence: "", hasOthers: false, hasAttention: true, shownStep: null, cutAt: null },
    next: () => this.next(),
  });

  connectedCallback() {
    this.lab = ask(this, "lab");
    provide(this, "page", this.page);
    provide(this, "store", this.store);
    provide(this, "passes", this.passes);
    provide(this, "sentences", this.sentences);
    this.index = 0;
    this.all = []; // sentences, once there is a text
    this.asking = new Asking({
      element: this,
      lab: this.lab,
      question: () => this.question(),
      receive: (answer, step) => this.show(answer, step),
    });
    this.stop = this.lab.subscribe(() => this.follow());
    this.follow();
    this.asking.start();
  }

  disconnectedCallback() {
    this.stop();
    this.asking.stop();
  }

  follow() {
    const { text, settings, tokens } = this.lab.state;
    if (text?.text !== this.text) this.choose(text?.text ?? "");
    const { tokenizer } = tokens;
    const hasAttention = settings.architecture !== "window";
    if (hasAttention !== this.sentences.state.hasAttention) this.sentences.update({ hasAttention });
    this.toggleAttribute("without", !hasAttention); // see styles/page.css
    if (tokenizer && (tokenizer !== this.tokenizer || settings !== this.settings))
      this.open(tokenizer, settings);
  }

  choose(text) {
    this.text = text;
    this.index = 0;
    this.all = sentencesOf(text.split(END).join("\n"), N_SENTENCES);
    this.sentences.update({ sentence: this.all[0] ?? "", hasOthers: this.all.length > 1 });
  }

  /** Another model: figures get it as if it were a run. */
  open(tokenizer, settings) {
    this.tokenizer = tokenizer;
    this.settings = settings;
    this.run = asRun(tokenizer, settings);
    this.passes.update({ both: [null] });
    this.store.show(this.run);
    this.page.update({ run: this.run });
  }

  next() {
    this.index = (this.index + 1) % this.all.length;
    this.sentences.update({ sentence: this.all[this.index], cutAt: this.cutAt() });
    this.asking.ask();
  }

  question() {
    const ids = this.ids();
    return this.sentences.state.hasAttention && ids.length ? { method: "attention", params: { ids } } : null;
  }

  /** The sentence as the model reads it: from its beginning, as far as there is room. @returns {number[]} */
  ids() {
    return this.allIds().slice(0, Math.min(MOST_TOKENS, this.settings?.n_ctx ?? 0));
  }

  allIds() {
    const { tokenizer } = this;
    const sentence = this.all[this.index];
    if (!tokenizer || !sentence) return [];
    const known = Array.from(sentence).filter((character) => tokenizer.ids.has(character));
    const start = tokenizer.end === null ? [] : [tokenizer.end];
    return [...start, ...tokenizer.encode(known.join(""))];
  }

  /** How many of its tokens have room; null if all have. */
  cutAt() {
    const { length } = this.ids();
    return length < this.allIds().length ? length : null;
  }

  show(record, step) {
    const { run } = this;
    const ids = this.ids();
    const pass = new ForwardPass({ ...record, run, step, ids, promptLength: ids.length, isComputed: false });
    this.passes.update({ both: [pass], isFar: false });
    this.sentences.update({ shownStep: step, cutAt: this.cutAt() });
  }
}

/** What figures need of a run, for a model that was never exported. @returns {any} */
function asRun(tokenizer, settings) {
  const { vocab } = tokenizer;
  const manifest = {
    name: "lab",
    settings,
    tokenizer: { vocab, merges: [] },
    prompts: [""],
    sampled_steps: [0],
    exported_steps: [],
    snapshots: [{ step: 0 }],
    missing: {},
  };
  const part = async (name) => {
    throw new UserError(`A model that learns in this page has no ${name}.`, null);
  };
  return { name: "lab", vocab, manifest, part, isLocal: true };
}

/** What stands for the address of the page. */
function withoutAddress() {
  let hash = "";
  return {
    read: () => hash,
    write: (other) => {
      hash = other;
    },
    link: (other) => `#${other}`,
    subscribe: () => () => {},
  };
}

customElements.define("lab-pass", LabPass);
