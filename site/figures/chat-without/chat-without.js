/**
 * <chat-without></chat-without>
 *
 * The reply with the chosen token, beside the one that the model writes with the same random numbers while a head is
 * switched off. See app/chat-reason.js.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { textOf } from "../../app/chat.js";
import { Figure } from "../../app/figure.js";
import { count } from "../../app/format.js";

class ChatWithout extends Figure {
  static properties = {
    replies: { from: "chat", attribute: false },
    reason: { from: "chat", attribute: false },
  };

  static styles = [
    Figure.styles,
    css`
    h3 { font: 600 1.0625rem/1.5 var(--sans); margin: 0 0 8px; }
    .both { display: grid; gap: 8px 40px; grid-template-columns: repeat(2, minmax(0, 1fr)); margin: 0; }
    .both > div { border-left: 3px solid var(--line); padding-left: 12px; min-height: 5em; }
    .both .off { border-color: var(--chosen); }
    dt { color: var(--muted); }
    dd { margin: 0; font: 400 1.0625rem/1.6 var(--serif); overflow-wrap: anywhere; }
    ins { text-decoration: none; }
    ins { background: color-mix(in oklab, var(--chosen) 18%, transparent); border-radius: 3px; }
    .caption { margin-top: 8px; }
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
    const from = without ? firstDifference(tokens, without.tokens) : Infinity;
    return html`<h3>The reply without head ${reason.head || "…"}</h3>
      <dl class="both" aria-live="polite" aria-busy=${String(!without)}>
        <div><dt>with all heads</dt><dd dir="auto">${this.text(tokens, from)}</dd></div>
        <div class="off"><dt>without head ${reason.head || "…"}</dt>
          <dd dir="auto">${without ? this.text(without.tokens, from) : "…"}</dd></div>
      </dl>
      <p class="caption">${without ? verdict(tokens, without, from) : "Writing …"}</p>`;
  }

  /** A reply; from where it departs from the other one, it is marked. */
  text(tokens, from) {
    const all = textOf(this.run, tokens);
    if (!all.trim()) return "(nothing)";
    const same = textOf(this.run, tokens.slice(0, from));
    return html`${same.trimStart()}<ins>${all.slice(same.length)}</ins>`;
  }
}

function firstDifference(tokens, others) {
  const i = tokens.findIndex(({ id }, at) => id !== others[at]?.id);
  return i < 0 ? Math.max(tokens.length, others.length) : i;
}

function verdict(tokens, { milliseconds }, from) {
  const took = `Written in ${count(Math.ceil(milliseconds))} ms.`;
  return from >= tokens.length
    ? `Both are the same: with these random numbers, nothing else is drawn. ${took}`
    : `Both are drawn with the same random numbers; marked is all from the first difference on. ${took}`;
}

customElements.define("chat-without", ChatWithout);
