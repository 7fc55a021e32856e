/**
 * What becomes of a model that a page has trained: the other pages open it, this browser keeps it, or it is downloaded as
 * a file. A Lit controller with the buttons for that; what moves models is fetched when one of them is pressed.
 *
 *   taking = new TakeAlong(this, { take: () => exported(…), list: "in the list below" });
 *   html`${this.taking.buttons({ isOff: false })}${this.taking.report()}`
 */
import { html } from "../vendored/lit.js";
import { listKept, shortName } from "../engine/kept.js";
import { openPage } from "./address.js";
import { Observable } from "./observable.js";
import { UserError } from "./run.js";

const PAGES = { "explore.html": "Look inside it", "playground.html": "Talk to it" };
const NO_NEWS = { section: "", sentence: "", isProblem: false };

/** What this browser keeps, for all who show it: state.list, see engine/kept.js. */
class KeptRuns extends Observable {
  state = { list: [] };

  async refresh() {
    this.update({ list: await listKept() });
  }
}

export const keptRuns = new KeptRuns();

export class TakeAlong {
  isBusy = false;
  news = NO_NEWS; // what is going on, or became of it, and where it was asked for

  /**
   * @param {import("../vendored/lit.js").LitElement} host
   * @param {object} of
   * @param {() => Promise<import("./lab-export.js").Taken>} of.take the model
   * @param {string} of.list where people see what is kept: "in the list below"
   */
  constructor(host, { take, list }) {
    this.host = host;
    this.take = take;
    this.list = list;
  }

  /** @param {{ isOff: boolean }} given whether there is nothing to take along */
  buttons({ isOff }) {
    const isDisabled = isOff || this.isBusy;
    return html`<div class="row">
      ${Object.entries(PAGES).map(
        ([page, name]) =>
          html`<button ?disabled=${isDisabled} @click=${() => this.open(page)}>${name}</button>`,
      )}
      <button ?disabled=${isDisabled} @click=${() => this.keep()}>Keep it in this browser</button>
      <button ?disabled=${isDisabled} @click=${() => this.download()}>Download the model</button>
    </div>`;
  }

  /** What is going on, or became of it, where it was asked for. */
  report(section = "open") {
    const { sentence, isProblem } = this.news.section === section ? this.news : NO_NEWS;
    return html`<p class=${isProblem ? "status problem" : "status"} role="status">${sentence}</p>`;
  }

  /** What was said is about another model than the one that is shown now. */
  forgetNews() {
    this.#show({ news: NO_NEWS });
  }

  #show(changes) {
    Object.assign(this, changes);
    this.host.requestUpdate();
  }

  /** Do something that takes a moment, and say what became of it: act returns a sentence. */
  async do(section, doing, act) {
    if (this.isBusy) return;
    const report = (sentence, isProblem = false) => ({ section, sentence, isProblem });
    const focused = this.host.renderRoot.activeElement;
    this.#show({ isBusy: true, news: report(doing) });
    try {
      const news = report(await act());
      await keptRuns.refresh();
      this.#show({ news });
    } catch (error) {
      if (!(error instanceof UserError)) console.warn(error);
      const sentence = error instanceof UserError ? error.message : `That did not work. ${error.message}`;
      this.#show({ news: report(sentence, true) });
    } finally {
      this.#show({ isBusy: false });
      await this.#giveBack(focused);
    }
  }

  /** A button that was pressed with the keyboard loses the focus while it is disabled. */
  async #giveBack(button) {
    await this.host.updateComplete;
    if (button?.isConnected && !this.host.renderRoot.activeElement) button.focus({ preventScroll: true });
  }

  /** In another page. */
  open(page) {
    return this.do("open", "The model is being kept.", async () => {
      const name = await this.#keepNow();
      openPage(linkTo(page, name));
      return `${shortName(name)} is kept in this browser.`;
    });
  }

  keep() {
    return this.do("open", "The model is being kept.", async () => {
      const name = await this.#keepNow();
      return `${shortName(name)} is kept in this browser, ${this.list}.`;
    });
  }

  /** @returns {Promise<string>} the name that it is kept under */
  async #keepNow() {
    const { keepRun } = await import("./lab-kept.js");
    return keepRun(await this.take(), { isTrainedHere: true });
  }

  download() {
    return this.do("open", "The file is being made.", async () => this.saveModel(await this.take()));
  }

  /** @param {import("./lab-export.js").Taken} taken @returns {Promise<string>} what to say of it */
  async saveModel(taken) {
    const [{ inFolder }, { zipped }] = await Promise.all([import("./lab-export.js"), import("./zip.js")]);
    const file = `${taken.manifest.name}.zip`;
    save(file, new Blob([/** @type {any} */ (await zipped(inFolder(taken)))], { type: "application/zip" }));
    return `The model is in the file ${file}.`;
  }
}

export const linkTo = (page, name) => `${page}#run=${encodeURIComponent(name)}`;

/** A file for whoever looks at the page. */
export function save(name, content) {
  const url = URL.createObjectURL(content);
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
