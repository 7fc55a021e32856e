/**
 * <embedded-figure></embedded-figure>
 *
 * The one figure that the address names, for a frame in another page: embed.html#figure=loss-curve&run=stories&
 * step=300&theme=dark&page=index. Only what says that it can be shared is shown: see share.js. Below it stand the
 * run and the step, and the way to the page that it is from, which shows the same.
 */
import { ask } from "../context.js";
import { count } from "../format.js";

const ONLY_HERE = ["figure", "page", "theme", "fromStep", "toStep"]; // what the whole page does without

class EmbeddedFigure extends HTMLElement {
  shown = null; // the name that was asked for last

  connectedCallback() {
    this.store = ask(this, "store");
    this.about = Object.assign(document.createElement("p"), { className: "about" });
    this.append(this.about);
    this.stop = this.store.subscribe(() => this.follow());
    this.follow();
  }

  disconnectedCallback() {
    this.stop();
  }

  follow() {
    const { theme, figure } = this.store.chosen;
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    if (figure !== this.shown) this.show(figure);
    if (this.store.isSettled) this.describe();
  }

  async show(name = "") {
    this.shown = name;
    const [tag, side] = name.split(":");
    const box = await build(tag, side, this.store.chosen.page).catch(() => null);
    if (name !== this.shown) return; // another one is asked for by now
    for (const one of [...this.children]) if (one !== this.about) one.remove();
    this.prepend(box ?? unknown());
  }

  /** Of which run and step it is, and where there is more. */
  describe() {
    const { run, step, page } = this.store.state;
    const link = Object.assign(document.createElement("a"), {
      href: `${page}.html#${this.hash}`,
      target: "_blank",
      rel: "noopener",
      textContent: "Open in Terrarium",
    });
    const said = document.createElement("bdi");
    said.textContent = run;
    this.about.replaceChildren("Run ", said, `, step ${count(step)} · `, link);
  }

  /** What is chosen here, as the page knows it. */
  get hash() {
    const { run, step } = this.store.state;
    const hash = new URLSearchParams({ ...this.store.chosen, run, step });
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

function unknown() {
  const text = "This address names no figure that can be shown alone.";
  return Object.assign(document.createElement("p"), { role: "alert", textContent: text });
}

customElements.define("embedded-figure", EmbeddedFigure);
