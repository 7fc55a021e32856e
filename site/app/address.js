/**
 * What stands after the # in the address of this page: a store reads it and writes it.
 *
 * While somebody drags a slider, it is replaced so many times a second at most: Safari throws an error after
 * 100 times in ten seconds, and Chromium loads the icon of the page each time.
 */
const PER_SECOND = 4;

/** What a store needs of it. @typedef {Pick<PageAddress, "read" | "write" | "link" | "subscribe">} Address */

export class PageAddress {
  waiting = null; // what has to be written yet
  times = Array(PER_SECOND).fill(-Infinity); // when it was last replaced, the latest at the end

  constructor() {
    addEventListener("pagehide", () => this.flush());
  }

  read() {
    return this.waiting ?? location.hash.slice(1);
  }

  /** Write it, into a new entry of the browser's history or into the present one. */
  write(hash, isNewPlace) {
    if (isNewPlace) {
      this.flush(); // "back" leads to where somebody was last
      history.pushState(null, "", `#${hash}`);
      return;
    }
    const rest = this.times[0] + 1000 - performance.now();
    if (this.waiting === null && rest > 0) this.timer = setTimeout(() => this.flush(), rest);
    this.waiting = hash;
    if (rest <= 0) this.flush();
  }

  flush() {
    if (this.waiting === null) return;
    clearTimeout(this.timer);
    history.replaceState(null, "", `#${this.waiting}`);
    this.waiting = null;
    this.times = [...this.times.slice(1), performance.now()];
  }

  /** The whole address, with something else after its #. */
  link(hash) {
    return new URL(`#${hash}`, location.href).href;
  }

  /** A link, a bookmark, "back": whatever changes it besides the store. */
  subscribe(listener) {
    const read = () => {
      clearTimeout(this.timer);
      this.waiting = null; // it belongs to the entry that was left
      listener();
    };
    addEventListener("popstate", read);
    addEventListener("hashchange", read);
  }
}

/** Scroll to the part of the page that has this id, if there is one. */
export const leadTo = (id) => document.getElementById(id)?.scrollIntoView();

/** The same, with the focus there: somebody who cannot see goes on from there. */
export function moveTo(id) {
  leadTo(id);
  const part = document.getElementById(id);
  part?.setAttribute("tabindex", "-1");
  part?.focus({ preventScroll: true });
}
