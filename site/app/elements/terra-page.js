/**
 * <terra-page default-step="last"> … </terra-page>
 * <terra-page without-run> … </terra-page>
 *
 * A whole page: it opens the run that the address names, or the default one, and says so where that fails.
 * Figures inside ask it for "page": its state has runs, the list to choose from, and run, the one that is
 * shown, null until it is there; and for "store". default-step, "first" or "last", is the step that is shown
 * while the address names none. terrarium/web/pages.py writes its header and its box for errors.
 */
import { leadTo } from "../address.js";
import { provide } from "../context.js";
import { endFirstView } from "../first-view.js";
import { Observable } from "../observable.js";
import { listRuns, openRun } from "../run.js";
import { listKept } from "../../engine/kept.js";
import { SCHEMA, Store } from "../store.js";

/** What is chosen in a hash; one without "=" is the part of a page to scroll to. */
const partsOf = (hash) => new URLSearchParams(hash && !hash.includes("=") ? { section: hash } : hash);

class TerraPage extends HTMLElement {
  page = Object.assign(new Observable(), { state: { runs: [], run: null } });
  ownHashes = new WeakMap(); // of links, before anything is carried along

  connectedCallback() {
    const step = SCHEMA.step.type(this.getAttribute("default-step") ?? "first");
    this.store = new Store(undefined, { step });
    provide(this, "page", this.page);
    provide(this, "store", this.store);
    this.querySelector(".no-scripts:not([role])")?.remove(); // it says that no script runs
    for (const code of this.querySelectorAll("code")) code.translate = false; // by the browser
    this.store.subscribe(() => this.follow());
    if (this.hasAttribute("without-run")) {
      import("../arrival.js").then(({ arrive }) => arrive(this.store.chosen.section));
    } else this.open();
  }

  /** Open another run once it is chosen, and have the links to other pages show what this one shows. */
  follow() {
    for (const link of this.querySelectorAll('a[href*=".html"]')) link.hash = this.hashOf(link);
    if (this.page.state.runs.length && this.store.runName !== this.opening) this.open();
  }

  /** What a link carries along, and the part of the page to which it leads by itself. */
  hashOf(link) {
    if (!this.ownHashes.has(link)) this.ownHashes.set(link, link.hash.slice(1));
    const own = this.ownHashes.get(link);
    const { carried } = this.store;
    if (!carried) return own;
    const hash = partsOf(own);
    for (const [name, value] of new URLSearchParams(carried)) hash.set(name, value);
    return hash.toString();
  }

  async open() {
    let name;
    try {
      if (!this.page.state.runs.length) await this.list();
      name = this.opening = this.store.runName;
      const run = await openRun(name);
      if (name === this.opening) this.show(run);
    } catch (error) {
      if (name === this.opening) this.fail(error); // or another run has been chosen meanwhile
    }
  }

  /** The runs of this site, and then those that were trained in this browser. */
  async list() {
    const keptRuns = listKept(); // nobody waits for them, unless there are no others
    const exported = await listRuns().catch(async (error) => {
      if (!(await keptRuns).length) throw error;
      return [];
    });
    const runs = exported.length ? exported : await keptRuns;
    this.store.defaults.run = runs[0].name;
    this.page.update({ runs });
    if (exported.length) keptRuns.then((kept) => this.page.update({ runs: [...exported, ...kept] }));
  }

  show(run) {
    this.failure = null;
    this.removeAttribute("failed");
    this.querySelector("#error").replaceChildren();
    this.setAttribute("talks", run.manifest.speakers ? "yes" : "no"); // some parts are for conversations only
    this.store.show(run); // first, so that figures get what is chosen together with the run
    this.page.update({ run });
    leadTo(this.store.state.section);
  }

  /** Say what is wrong; figures without a run are not shown. */
  async fail(error) {
    console.warn(error.message);
    this.failure = error;
    this.setAttribute("failed", "");
    this.page.update({ run: null });
    endFirstView();
    const { failure } = await import("../failure.js"); // with all that it needs: few visits do
    if (this.failure === error) {
      this.querySelector("#error").replaceChildren(failure(error, this.page.state.runs));
    }
  }
}

customElements.define("terra-page", TerraPage);
