/**
 * <page-contents><a href="#ages">All ages</a> …</page-contents>
 *
 * Links to the parts of a page. What stands after the # of an address belongs to the store, so that these links
 * scroll by themselves; their addresses, to be copied, lead to what is chosen as well.
 */
import { moveTo } from "../address.js";
import { ask } from "../context.js";

class PageContents extends HTMLElement {
  connectedCallback() {
    this.store = ask(this, "store");
    this.links = new Map(Array.from(this.querySelectorAll("a"), (link) => [link, link.hash.slice(1)]));
    this.stop = this.store.subscribe(() => this.show());
    this.onclick = (event) => this.lead(event);
    this.show();
  }

  disconnectedCallback() {
    this.stop();
  }

  show() {
    for (const [link, part] of this.links) link.href = this.store.linkTo(part);
  }

  lead(event) {
    const part = this.links.get(event.target.closest("a"));
    if (part === undefined || event.ctrlKey || event.metaKey || event.shiftKey) return; // into a new tab
    event.preventDefault();
    moveTo(part);
  }
}

customElements.define("page-contents", PageContents);
