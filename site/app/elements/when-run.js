/**
 * <when-run has="bigram_bits">…</when-run>   <when-run is="words">…</when-run>
 *
 * Sentences that are true of some runs only. `has`: names of facts that have to be known (see app/facts.js); `is`:
 * "words" or "characters", what most of its tokens are, "merges" or "no-merges", "conversation" or
 * "no-conversation", "documents" if it learned from whole texts, "stories" for the corpus that comes with Terrarium. Until that is known, they are not shown.
 */
import { ask } from "../context.js";
import { factOf } from "../facts.js";
import { END } from "../../engine/tokenizer.js";

const SEVERAL_LETTERS = /\p{L}{3}/u;
const hasWords = (run) => run.vocab.some((token) => SEVERAL_LETTERS.test(token));

const KINDS = {
  words: hasWords,
  characters: (run) => !hasWords(run),
  merges: ({ manifest }) => manifest.tokenizer.merges.length > 0,
  "no-merges": ({ manifest }) => manifest.tokenizer.merges.length === 0,
  conversation: ({ manifest }) => Boolean(manifest.speakers),
  "no-conversation": ({ manifest }) => !manifest.speakers,
  documents: ({ vocab }) => vocab.includes(END),
  stories: ({ manifest }) => manifest.settings.dataset === "stories",
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
    const kinds = words(this.getAttribute("is")).map((kind) => KINDS[kind](run));
    const facts = await Promise.all(words(this.getAttribute("has")).map((name) => factOf(run, name)));
    return kinds.every(Boolean) && facts.every((fact) => fact !== undefined);
  }
}

/** "a b" -> ["a", "b"]. */
const words = (text) => (text ?? "").split(" ").filter(Boolean);

customElements.define("when-run", WhenRun);
