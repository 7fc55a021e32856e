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

const STAY = 10_000; // milliseconds in which figures above may still be drawn, and push a part away
const MOVES = ["wheel", "touchstart", "pointerdown", "keydown"]; // somebody goes on by themselves
let leaving = new AbortController(); // ends the stay at the part of the page that was scrolled to last

/** Scroll, and again whenever the page grows, until somebody moves: then the signal is aborted. @param {() => void} scroll */
export function stay(scroll) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const observer = new ResizeObserver(scroll);
  signal.addEventListener("abort", () => observer.disconnect());
  for (const move of MOVES) addEventListener(move, () => leaving.abort(), { signal, passive: true });
  setTimeout(() => observer.disconnect(), STAY);
  scroll();
  observer.observe(document.body);
  return signal;
}

/** Scroll to the part of the page with this id, and stay there while the page grows. */
export function leadTo(id) {
  const part = document.getElementById(id);
  if (!part) return;
  document.querySelector("[data-led-to]")?.removeAttribute("data-led-to");
  part.setAttribute("data-led-to", ""); // :target does not hold for what the address names among other things
  stay(() => part.scrollIntoView());
}

const IN_FOLDER = /\/(?:figures|lessons|lessons\/[a-z]{2})\/[^/]*$/;

/**
 * The name of the page that is shown, such as "explore". Figures of a lesson that stand elsewhere, too, look inside a
 * model: so that is where one of them is found alone.
 */
export function pageName() {
  if (/\/lessons\//.test(location.pathname)) return "explore";
  return /([a-z]+)\.html$/.exec(location.pathname)?.[1] ?? "index";
}

/** The address of another page of the site; the storybook and the lessons are in its folders. */
export function addressOf(page, hash) {
  const folder = IN_FOLDER.exec(location.pathname)?.[0] ?? "/";
  const root = "../".repeat(folder.split("/").length - 2);
  return new URL(`./${root}${page}.html#${hash}`, location.href).href;
}

/** The same, with the focus there: somebody who cannot see goes on from there. */
export function moveTo(id) {
  leadTo(id);
  const part = document.getElementById(id);
  part?.setAttribute("tabindex", "-1");
  part?.focus({ preventScroll: true });
}

/** Scroll no further than needed to see a part of the page; the focus stays where it is. */
export const bringIntoView = (id) => document.getElementById(id)?.scrollIntoView({ block: "nearest" });

/** Leave this page for another one. */
export const openPage = (href) => location.assign(href);

/** The name of the lesson that is shown: that of its file. */
export const lessonName = () => /([\w-]+)\.html$/.exec(location.pathname)?.[1] ?? "index";
