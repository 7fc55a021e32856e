/**
 * <embedded-figure></embedded-figure>
 *
 * The one figure that the address names, for a frame in another page: embed.html#figure=loss-curve&run=stories&
 * step=300&theme=dark&page=index. Only what says that it can be shared is shown: see share.js. Below it stand the
 * run and the step, and the way to the page that it is from, which shows the same. Until the figure is there, it says
 * what it waits for.
 */
import { printable } from "../command.js";
import { ask } from "../context.js";
import { count } from "../format.js";

const ONLY_HERE = ["figure", "page", "theme", "fromStep", "toStep"]; // what the whole page does without

class EmbeddedFigure extends HTMLElement {
  shown = null; // the name that was asked for last

  connectedCallback() {
    this.store = ask(this, "store");
    this.about = Object.assign(document.createElement("p"), { className: "about" });
    this.waiting = Object.assign(document.createElement("p"), { className: "waiting", role: "status" });
    this.append(this.about);
    this.page = ask(this, "page");
    this.stops = [
      this.store.subscribe(() => this.follow()),
      this.page.subscribe(() => this.tell()), // perhaps there is no such run
    ];
    this.follow();
  }

  disconnectedCallback() {
    for (const stop of this.stops) stop();
    this.stopWaiting();
  }

  follow() {
    const { theme, figure } = this.store.chosen;
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    if (figure !== this.shown) this.show(figure);
    this.describe();
    this.tell();
  }

  async show(name = "") {
    this.shown = name;
    const [tag, side] = name.split(":");
    this.stopWaiting();
    this.append(this.waiting);
    this.tell();
    const box = await build(tag, side, this.store.chosen.page).catch(() => null);
    if (name !== this.shown) return; // another one is asked for by now
    for (const one of [...this.children]) if (one !== this.about && one !== this.waiting) one.remove();
    this.prepend(box ?? unknown());
    if (box) this.waitFor(box.localName === tag ? box : box.querySelector(tag));
    else this.stopWaiting();
  }

  /** Say what the figure waits for, until it is drawn or fails. */
  waitFor(figure) {
    this.figure = figure;
    this.observer = new MutationObserver(() => this.tell());
    this.observer.observe(figure, { attributeFilter: ["drawn"] });
    this.writing = ask(figure, "writing");
    this.stopWriting = this.writing?.subscribe(() => this.tell());
    this.tell();
  }

  stopWaiting() {
    this.observer?.disconnect();
    this.stopWriting?.();
    this.figure = this.writing = null;
    this.waiting.remove();
  }

  tell() {
    if (!this.waiting.isConnected) return;
    const failure = this.writing?.state.failure;
    if (failure) this.showFailure(failure);
    if (failure || this.closest("terra-page").hasAttribute("failed") || this.isThere) this.stopWaiting();
    else if (this.waiting.textContent !== this.waited) this.waiting.textContent = this.waited;
  }

  /** Why there is no text: most figures do not say it themselves. */
  async showFailure({ message }) {
    const { figure } = this;
    await figure.updateComplete;
    if (!figure.renderRoot.querySelector("[role=alert]")) figure.replaceWith(alert(message));
  }

  /** Whether there is something to see. */
  get isThere() {
    if (!this.figure?.hasAttribute("drawn")) return false;
    const { request, promptIds, tokens } = this.writing?.state ?? {};
    return !this.writing || Boolean(request && (tokens.length || !promptIds.length));
  }

  /** What it waits for, in words. */
  get waited() {
    const { run, isSettled, chosen } = this.store;
    if (!isSettled) return chosen.run ? `Opening the run ${printable(chosen.run)} …` : "Opening the run …";
    if (!this.figure) return "Loading the figure …";
    const { bytes } = run.manifest.weights;
    const isLive = this.writing || (this.figure.passes && chosen.text);
    return isLive ? `Loading the model, ${(bytes / 1e6).toFixed(1)} MB …` : "Loading its numbers …";
  }

  /** Of which run and step it is, and where there is more. */
  describe() {
    const { isSettled, chosen } = this.store;
    const { run, step, page } = isSettled ? this.store.state : { page: "index", ...chosen };
    const link = Object.assign(document.createElement("a"), {
      href: `${page}.html#${this.hash}`,
      target: "_blank",
      rel: "noopener",
      textContent: "Open in Terrarium",
    });
    const said = document.createElement("bdi");
    said.textContent = run ?? "";
    const where = isSettled ? ["Run ", said, `, step ${count(step)} · `] : [];
    this.about.replaceChildren(...where, link);
  }

  /** What is chosen here, as the page knows it. */
  get hash() {
    const { run, step } = this.store.isSettled ? this.store.state : {};
    const hash = new URLSearchParams({ ...this.store.chosen, ...(run ? { run, step } : {}) });
    for (const name of ONLY_HERE) hash.delete(name);
    return hash.toString();
  }
}

/** A figure with the elements around it that it asks; null for what cannot be shared. */
async function build(tag, side, page) {
  await import(`../../figures/${tag}/${tag}.js`);
  const constructor = /** @type {any} */ (customElements.get(tag));
  if (!constructor?.share || constructor.share.embeds === false) return null;
  const { contextsOf } = await import("../embedding.js");
  const contexts = contextsOf(constructor);
  const around = [];
  const isWritten = page === "playground" && contexts.has("passes"); // the text that is written there
  if (contexts.has("writing") || isWritten) around.push(["live-text"]);
  if (isWritten) around.push(["written-pass"]);
  else if (contexts.has("passes")) around.push(["forward-pass", side ? "compared" : "default-position"]);
  if (side) around.push(["forward-pass", "versus"]);
  for (const [outer] of around) await import(`./${outer}.js`); // first, for what is inside asks it
  const figure = document.createElement(tag);
  figure.toggleAttribute("second", side === "second");
  return around.reduceRight((inside, [outer, attribute]) => {
    const box = document.createElement(outer);
    if (attribute) box.setAttribute(attribute, attribute === "default-position" ? "word" : "");
    box.append(inside);
    return box;
  }, figure);
}

const alert = (text) => Object.assign(document.createElement("p"), { role: "alert", textContent: text });
const unknown = () => alert("This address names no figure that can be shown alone, or it cannot be loaded.");

customElements.define("embedded-figure", EmbeddedFigure);
