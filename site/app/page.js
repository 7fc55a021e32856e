/**
 * What every page does: find the run that its address names, hand it to all figures, and keep the
 * address up to date.
 */
import { html, nothing, render } from "../vendored/lit.js";
import { errorBox } from "./figure.js";
import { listRuns, openRun } from "./run.js";
import { nearest } from "./step-scale.js";
import * as urlState from "./url-state.js";

const DEFAULT_RUN = "stories"; // shown by default, if it is there

/**
 * @param {string[]} figures the elements of the page that show a run
 * @param {object} [options]
 * @param {(steps: number[]) => number} [options.defaultStep] one of the sampled steps
 * @param {(run: import("./run.js").Run, step: number) => void} [options.onShow] called whenever the
 *   step, or anything else in the address, changes
 * @returns {Promise<void>} when the run is there; its figures load what they need themselves
 */
export async function startPage(figures, { defaultStep = (steps) => steps[0], onShow = () => {} } = {}) {
  const all = () => document.querySelectorAll(figures.join(","));
  const box = document.querySelector("#error");
  let runs = [],
    run = null;
  box.replaceChildren();

  async function open() {
    try {
      runs = await listRuns();
      const { name } = runs.find((one) => one.name === DEFAULT_RUN) ?? runs[0];
      for (const picker of document.querySelectorAll("run-picker")) picker.runs = runs;
      run = await openRun(urlState.read().run ?? name);
      render(nothing, box);
      delete document.body.dataset.noRun;
      show();
    } catch (error) {
      document.body.dataset.noRun = ""; // figures without a run are not shown
      render([errorBox(error), otherRuns()], box);
      throw error;
    }
  }

  /** The runs that can be shown instead. */
  function otherRuns() {
    return runs.length
      ? html`<p class="other-runs">Available: ${runs.map(
          ({ name }, i) => html`${i ? ", " : ""}<a href=${`#run=${encodeURIComponent(name)}`}>${name}</a>`,
        )}</p>`
      : nothing;
  }

  function show() {
    const { sampled_steps: steps } = run.manifest;
    const requested = Number(urlState.read().step ?? defaultStep(steps));
    const step = nearest(Number.isFinite(requested) ? requested : defaultStep(steps), steps);
    for (const figure of all()) Object.assign(figure, { runs, run, step });
    onShow(run, step);
    updateLinks();
  }

  /** The other pages show the same run. */
  function updateLinks() {
    const { run: name } = urlState.read();
    for (const link of document.querySelectorAll("nav a")) {
      link.hash = name ? new URLSearchParams({ run: name }).toString() : "";
    }
  }

  const ignore = () => {}; // the error is shown in #error

  addEventListener("step", ({ detail }) => {
    urlState.update({ step: detail.step });
    show();
  });
  addEventListener("run", ({ detail }) => {
    urlState.replace({ run: detail.name });
    open().catch(ignore);
  });
  urlState.subscribe(() =>
    run && (urlState.read().run ?? run.name) === run.name && !("noRun" in document.body.dataset)
      ? show()
      : open().catch(ignore),
  );
  await open();
}
