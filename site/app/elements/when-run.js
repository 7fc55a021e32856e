/**
 * <when-run has="bigram_bits">…</when-run>   <when-run is="words">…</when-run>
 *
 * Sentences that are true of some runs only. `has`: names of facts that have to be known (see app/facts.js); `is`:
 * "words" or "characters", what most of its tokens are, "letters" if there are any in it, "merges" or "no-merges",
 * "conversation" or "no-conversation", "one-layer" or "several-layers", "documents" if a token ends each of its texts,
 * "loses-to-counting" on new text, "stories" for the corpus that comes with Terrarium. Until that is known, they are
 * not shown.
 */
import { ask } from "../context.js";
import { END } from "../../engine/tokenizer.js";
import { factOf } from "../facts.js";

const SEVERAL_LETTERS = /\p{L}{3}/u;
const LETTER = /\p{L}/u;
const hasWords = (run) => run.vocab.some((token) => SEVERAL_LETTERS.test(token));

/** Whether one of those that only count needs fewer bits for a token of new text than the model. */
const losesToCounting = async (run) =>
  ["unigram", "bigram"].includes(String(await factOf(run, "fewest_bits")));

const KINDS = {
  words: hasWords,
  characters: (run) => !hasWords(run),
  letters: ({ vocab }) => vocab.some((token) => LETTER.test(token) && token !== END),
  merges: ({ manifest }) => manifest.tokenizer.merges.length > 0,
  "no-merges": ({ manifest }) => manifest.tokenizer.merges.length === 0,
  conversation: ({ manifest }) => Boolean(manifest.speakers),
  "no-conversation": ({ manifest }) => !manifest.speakers,
  "several-layers": ({ manifest }) => manifest.settings.n_layer > 1,
  "one-layer": ({ manifest }) => manifest.settings.n_layer === 1,
  documents: ({ vocab }) => vocab.includes(END),
  stories: ({ manifest }) => manifest.settings.dataset === "stories",
  "loses-to-counting": losesToCounting,
};

class WhenRun extends HTMLElement {
  connectedCallback() {
    this.hidden = true;
    this.page = ask(this, "page");
    this.stop = this.page.subscribe(() => this.show());
    this.show();
  }

  disconnectedCallback() {
    this.stop();
  }

  async show() {
    const { run } = this.page.state;
    if (!run || run === this.run) return;
    this.run = run;
    const isTrue = await this.isTrueOf(run);
    if (run === this.run) this.hidden = !isTrue;
  }

  async isTrueOf(run) {
    const kinds = await Promise.all(words(this.getAttribute("is")).map((kind) => KINDS[kind](run)));
    const facts = await Promise.all(words(this.getAttribute("has")).map((name) => factOf(run, name)));
    return kinds.every(Boolean) && facts.every((fact) => fact !== undefined);
  }
}

/** "a b" -> ["a", "b"]. */
const words = (text) => (text ?? "").split(" ").filter(Boolean);

customElements.define("when-run", WhenRun);
