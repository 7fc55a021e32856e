/** What a page shows when it has no run to show. */
import { html, nothing, render } from "../vendored/lit.js";
import { errorBox } from "./figure.js";

/** What is wrong, and the runs that can be shown instead. */
export function failure(error, runs) {
  const box = document.createElement("div");
  render([errorBox(error), runs.length ? available(runs) : nothing], box);
  return box;
}

function available(runs) {
  const link = ({ name }) => html`<a href=${`#run=${encodeURIComponent(name)}`}>${name}</a>`;
  return html`<p class="other-runs">Available: ${runs.map((run, i) => [i ? ", " : "", link(run)])}</p>`;
}
