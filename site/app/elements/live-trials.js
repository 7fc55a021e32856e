/**
 * <live-trials> … </live-trials>
 *
 * Models that are trained to be compared with one another. Figures inside ask it for "trials": see app/trials.js. Its
 * worker starts with the first one.
 */
import { ask, provide } from "../context.js";
import { Trials } from "../trials.js";
import { WorkerClient } from "../worker-client.js";

class LiveTrials extends HTMLElement {
  /** @type {Trials | null} */
  trials = null;

  connectedCallback() {
    this.trials ??= new Trials({
      worker: new WorkerClient(new URL("../../engine/train-worker.js", import.meta.url)),
      lab: ask(this, "lab"),
    });
    provide(this, "trials", this.trials);
  }

  disconnectedCallback() {
    this.trials?.stop();
  }
}

customElements.define("live-trials", LiveTrials);
