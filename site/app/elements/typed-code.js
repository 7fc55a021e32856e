/**
 * <typed-code><template data-words>…</template><code-editor></code-editor></typed-code>
 *
 * Where a head is written: the figure for the way in which somebody writes it, with what it says. A famous mistake is
 * always in the editor.
 */
import { ask } from "../context.js";
import { PLACES } from "../typed-head.js";

class TypedCode extends HTMLElement {
  connectedCallback() {
    const typed = ask(this, "typed");
    const show = () => this.show(typed.state);
    this.stop = typed.subscribe(show);
    show();
  }

  disconnectedCallback() {
    this.stop();
  }

  show({ way, mistake }) {
    const tag = mistake ? PLACES.empty : PLACES[way];
    if (!tag || this.querySelector(tag)) return;
    for (const place of Object.values(PLACES)) this.querySelector(place)?.remove();
    const place = document.createElement(tag);
    place.append(this.querySelector("template").cloneNode(true));
    this.append(place);
  }
}

customElements.define("typed-code", TypedCode);
