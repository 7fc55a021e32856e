/**
 * <chat-without></chat-without>
 *
 * The reply with the chosen token, beside the one that the model writes with the same random numbers while a head is
 * switched off: the words that differ are marked. See app/chat-reason.js.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { textOf } from "../../app/chat.js";
import { Figure } from "../../app/figure.js";
import { count, showWhitespace } from "../../app/format.js";
import { MARKED, markedWords, withMarks } from "../../app/marked-words.js";
import { divergence } from "../../app/seed-counts.js";
import { wordDiff } from "../../app/word-diff.js";

class ChatWithout extends Figure {
  static properties = {
    replies: { from: "chat", attribute: false },
    reason: { from: "chat", attribute: false },
  };

  static styles = [
    Figure.styles,
    markedWords,
    css`
    h3 { font: 600 1.0625rem/1.5 var(--sans); margin: 0 0 8px; }
    .both { display: grid; gap: 8px 40px; grid-template-columns: repeat(2, minmax(0, 1fr)); margin: 0; }
    .both > div { border-left: 3px solid var(--line); padding-left: 12px; min-height: 5em; }
    .both .off { border-color: var(--chosen); }
    dt { color: var(--muted); }
    dd { margin: 0; font: 400 1.0625rem/1.6 var(--serif); overflow-wrap: anywhere; }
    .caption { margin-top: 8px; min-height: 3em; } .caption b { color: var(--text); overflow-wrap: anywhere; }
    @media (max-width: 640px) { .both { grid-template-columns: minmax(0, 1fr); } }
  `,
  ];

  load(run) {
    return run.manifest;
  }

  draw({ speakers }) {
    const { reason } = this;
    const tokens = this.replies?.[reason?.turn]?.tokens;
    if (!speakers || !tokens || !reason.pass || reason.failure) return nothing;
    const without = reason.without?.head === reason.head ? reason.without : null;
    const [text, other] = [tokens, without?.tokens ?? []].map((one) => textOf(this.run, one).trim());
    const { ranges } = without ? wordDiff(text, other) : { ranges: [[], []] };
    return html`<h3>The reply without head ${reason.head || "…"}</h3>
      <dl class="both" aria-live="polite" aria-busy=${String(!without)}>
        <div><dt>with all heads</dt><dd dir="auto">${shown(text, ranges[0])}</dd></div>
        <div class="off"><dt>without head ${reason.head || "…"}</dt>
          <dd dir="auto">${without ? shown(other, ranges[1]) : "…"}</dd></div>
      </dl>
      <p class="caption">${without ? this.verdict(tokens, without) : "Writing …"}</p>`;
  }

  /** Where the replies part: from there on, the model has read different words. */
  verdict(tokens, { tokens: others, milliseconds }) {
    const took = `Written in ${count(Math.ceil(milliseconds))} ms.`;
    const at = divergence(tokens, others);
    if (at === null) return `Both are the same: with these random numbers, nothing else is drawn. ${took}`;
    return html`${MARKED} They part at ${this.token(tokens[at])} and ${this.token(others[at])}, drawn with the same
      random number; from there on, each goes on from what it has read. ${took}`;
  }

  /** A token by name; where a reply has been stopped, there is none. */
  token(token) {
    return token ? html`<b dir="auto">${showWhitespace(this.run.vocab[token.id])}</b>` : "the end";
  }
}

const shown = (text, ranges) => (text ? withMarks(text, 0, ranges) : "(nothing)");

customElements.define("chat-without", ChatWithout);
