/**
 * What every page does: find the run that its address names, hand it to all figures, and keep the
 * address as the page is.
 */
import { render } from "../vendored/lit.js";
import { nearest } from "./axis.js";
import { trouble } from "./figure.js";
import { listRuns, openRun } from "./run.js";
import * as state from "./state.js";

const FIRST = "stories";  // what is shown if nobody says otherwise, if it is there

/**
 * @param {string[]} figures the elements of the page that show a run
 * @returns {Promise<void>} when the run is there; its figures load what they need themselves
 */
export async function begin(figures) {
  const all = () => document.querySelectorAll(figures.join(","));
  let runs = [], run = null;

  async function open() {
    try {
      runs = await listRuns();
      const { name = runs.find((one) => one.name === FIRST)?.name ?? runs[0].name } = state.read();
      const wanted = state.read().run ?? name;
      run = await openRun(wanted);
      document.querySelector("#trouble").replaceChildren();
      show();
    } catch (error) {
      render(trouble(error), document.querySelector("#trouble"));
      throw error;
    }
  }

  function show() {
    const watched = run.manifest.watched, asked = Number(state.read().step ?? watched[0]);
    const step = nearest(Number.isFinite(asked) ? asked : watched[0], watched);
    for (const figure of all()) Object.assign(figure, { runs, run, step });
  }

  addEventListener("step", ({ detail }) => {
    state.write({ step: detail.step });
    show();
  });
  addEventListener("step", ({ target }) => {
    if (target.localName === "moment-list") document.querySelector("#film").scrollIntoView();
  });
  addEventListener("run", ({ detail }) => {
    state.write({ run: detail.name, step: null });
    open();
  });
  state.follow(() => (run && (state.read().run ?? run.name) === run.name ? show() : open()));
  await open();
}
