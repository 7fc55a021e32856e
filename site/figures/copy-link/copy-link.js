/**
 * <copy-link section="compared">Copy a link</copy-link>
 *
 * Copies the address of what the page shows, so that it can be sent to somebody. With a section, the id of a
 * part of the page, the link leads there; its text is then that of the button. Where a browser forbids
 * that, such as on pages that come unencrypted from another machine, it shows the address instead.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";
import { isKept } from "../../engine/kept.js";

class CopyLink extends Figure {
  static properties = { section: {}, link: { state: true }, isCopied: { state: true } };

  static styles = [
    Figure.styles,
    controls,
    css`
    :host { position: relative; }
    button { white-space: nowrap; }
    .by-hand { position: absolute; inset: calc(100% + 4px) 0 auto auto; z-index: 4; padding: 12px;
               background: var(--panel); border: 1px solid var(--line); border-radius: 12px; }
    input { font: inherit; color: inherit; background: var(--background); border: 1px solid var(--line);
            border-radius: 8px; padding: 8px; width: min(60vw, 24rem); }
    .by-hand label { display: grid; gap: 4px; }
    .note { position: absolute; inset: calc(100% + 4px) 0 auto auto; z-index: 4; padding: 8px 12px;
            width: max-content; max-width: 60vw; color: var(--text); background: var(--panel);
            border: 1px solid var(--line); border-radius: 12px; }
  `,
  ];

  load(run) {
    return run.manifest;
  }

  /** There is an address, whether or not a run can be shown. */
  render() {
    return this.draw();
  }

  /** What has been copied is no longer what the page shows once something else is chosen. */
  connectedCallback() {
    super.connectedCallback();
    this.stops.push(
      this.store.subscribe(() => {
        this.link = null;
        this.isCopied = false;
      }),
    );
  }

  async copy() {
    const link = this.section ? this.store.linkTo(this.section) : this.store.link;
    try {
      await navigator.clipboard.writeText(link);
      this.isCopied = true;
    } catch {
      this.link = link;
      await this.updateComplete;
      this.renderRoot.querySelector("input").select();
    }
  }

  /** What a link does not carry: a sentence, or "". */
  get warning() {
    if (document.querySelector("typed-head")) return " Your code stays here: a link does not carry it.";
    if (!isKept(this.store?.runName ?? "")) return "";
    return " It works only in this browser: hand on the model itself as a file, from “Train your own”.";
  }

  draw() {
    const { warning } = this;
    return html`<button @click=${this.copy}>${
      this.isCopied ? "Copied" : this.section ? html`<slot></slot>` : "Copy link"
    }</button>
      <span class=${warning && this.isCopied ? "note" : "visually-hidden"} role="status">${
        this.isCopied ? `The link is copied.${warning}` : ""
      }</span>
      ${
        this.link
          ? html`<div class="by-hand" @keydown=${this.close}><label>Copy this address:
              <input readonly value=${this.link}></label>${warning}</div>`
          : nothing
      }`;
  }

  close({ key }) {
    if (key !== "Escape") return;
    this.link = null;
    this.renderRoot.querySelector("button").focus();
  }
}

customElements.define("copy-link", CopyLink);
