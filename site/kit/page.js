/**
 * What every page does: find the run that its address names, hand it to all figures, and keep the
 * address up to date.
 */
import { html, nothing, render } from "../vendored/lit.js";
import { nearest } from "./axis.js";
import { trouble } from "./figure.js";
import { listRuns, openRun } from "./run.js";
import * as state from "./state.js";

const FIRST = "stories";  // what is shown by default, if it is there

/**
 * @param {string[]} figures the elements of the page that show a run
 * @param {object} [page]
 * @param {(watched: number[]) => number} [page.first] the step that is shown by default
 * @param {(run: import("./run.js").Run, step: number) => void} [page.also] what else to do
 *   whenever the step, or anything else in the address, changes
 * @returns {Promise<void>} when the run is there; its figures load what they need themselves
 */
export async function begin(figures, { first = (watched) => watched[0], also = () => {} } = {}) {
  const all = () => document.querySelectorAll(figures.join(","));
  const box = document.querySelector("#trouble");
  let runs = [], run = null;
  box.replaceChildren();

  async function open() {
    try {
      runs = await listRuns();
      const { name } = runs.find((one) => one.name === FIRST) ?? runs[0];
      for (const picker of document.querySelectorAll("run-picker")) picker.runs = runs;
      run = await openRun(state.read().run ?? name);
      render(nothing, box);
      delete document.body.dataset.nothing;
      show();
    } catch (error) {
      document.body.dataset.nothing = "";  // figures without a run are not shown
      render([trouble(error), others()], box);
      throw error;
    }
  }

  /** The runs that can be shown instead. */
  function others() {
    return runs.length ? html`<p class="instead">Available: ${runs.map(({ name }, i) => html`${
      i ? ", " : ""}<a href=${`#run=${encodeURIComponent(name)}`}>${name}</a>`)}</p>` : nothing;
  }

  function show() {
    const { watched } = run.manifest, asked = Number(state.read().step ?? first(watched));
    const step = nearest(Number.isFinite(asked) ? asked : first(watched), watched);
    for (const figure of all()) Object.assign(figure, { runs, run, step });
    also(run, step);
    linkTo();
  }

  /** The other pages show the same run. */
  function linkTo() {
    const named = state.read().run;
    for (const link of document.querySelectorAll("nav a")) {
      link.hash = named ? new URLSearchParams({ run: named }).toString() : "";
    }
  }

  const told = () => {};  // in #trouble

  addEventListener("step", ({ detail }) => {
    state.write({ step: detail.step });
    show();
  });
  addEventListener("run", ({ detail }) => {
    state.only({ run: detail.name });
    open().catch(told);
  });
  state.follow(() => (run && (state.read().run ?? run.name) === run.name
    && !("nothing" in document.body.dataset) ? show() : open().catch(told)));
  await open();
}
