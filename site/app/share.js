/**
 * What can be kept of a figure, or shown elsewhere. A figure that has something to keep says so:
 *
 *   static share = { title: "Loss by step", table: (figure) => [["step", "loss"], [0, 6.24], …] };
 *
 * It then has a small button, which opens a menu. The menu is fetched when somebody opens one: share-menu.js.
 */
import { LitElement, css, html } from "../vendored/lit.js";

class ShareButton extends LitElement {
  /** Beside the figure, where there is room; below it on a narrow screen. */
  static styles = css`
    :host { position: absolute; inset: 0 calc(-1 * var(--beside, 24px)) auto auto; z-index: 3; width: 24px; height: 32px;
            display: grid; place-items: center; border-radius: 6px; color: var(--muted); cursor: pointer;
            opacity: var(--share-opacity, 1); transition: opacity 150ms ease; }
    :host(:is(:focus, [aria-expanded="true"])) { opacity: 1; }
    :host(:is(:hover, [aria-expanded="true"])) { color: var(--accent); }
    :host(:focus-visible) { outline: 3px solid var(--accent); outline-offset: -2px; }
    :host(:only-child) { display: none; }  /* a figure that shows nothing has nothing to keep */
    svg { width: 4px; height: 16px; fill: currentColor; }
    @media (hover: none) { :host { opacity: 1; } }
    @media (max-width: 640px) {
      :host { position: relative; inset: auto; width: 44px; margin: 4px 0 -8px auto; opacity: 1; }
      svg { rotate: 90deg; }
    }
    @media (prefers-reduced-motion: reduce) { :host { transition: none; } }
    @media print { :host { display: none; } }
  `;

  connectedCallback() {
    super.connectedCallback();
    const name = `Keep or embed: ${this.figure.constructor.share.title}`;
    Object.assign(this, { role: "button", tabIndex: 0, title: "Keep or embed", ariaLabel: name });
    Object.assign(this, { ariaHasPopup: "menu", ariaExpanded: "false" });
    this.addEventListener("pointerdown", () => {
      this.wasOpen = this.ariaExpanded === "true"; // then this press has closed it
    });
    this.addEventListener("click", () => !this.wasOpen && this.open());
    this.addEventListener("keydown", this.press);
  }

  /** @returns {any} the figure that it belongs to */
  get figure() {
    return /** @type {ShadowRoot} */ (this.getRootNode()).host;
  }

  render() {
    return html`<svg viewBox="0 0 4 16" aria-hidden="true"><circle cx="2" cy="2" r="1.6" /><circle cx="2" cy="8"
      r="1.6" /><circle cx="2" cy="14" r="1.6" /></svg>`;
  }

  press(event) {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    this.open();
  }

  async open() {
    const { openMenu } = await import("./share-menu.js");
    openMenu(this);
  }
}

customElements.define("share-button", ShareButton);

/** Put the button into a figure, after what it draws. @returns {Element} the button */
export function addShareButton(root) {
  const button = document.createElement("share-button");
  root.append(button);
  return button;
}
