/**
 * <live-teaching> … </live-teaching>
 *
 * A grown model that is taught something new. Figures inside ask it for "teaching": see app/teaching.js. Runs are
 * opened when somebody comes near, and its worker starts with the first lesson.
 */
import { ask, provide } from "../context.js";
import { near } from "../near.js";
import { listRuns, openRun } from "../run.js";
import { Teaching } from "../teaching.js";
import { WorkerClient } from "../worker-client.js";

class LiveTeaching extends HTMLElement {
  teaching = new Teaching({
    worker: new WorkerClient(new URL("../../engine/train-worker.js", import.meta.url)),
    listRuns,
    openRun,
  });

  connectedCallback() {
    provide(this, "teaching", this.teaching);
    this.leaving = new AbortController();
    near(this.closest("section") ?? this, this.leaving.signal).then(
      () => this.teaching.open(ask(this, "store")?.chosen.run),
      () => {}, // it was taken away before anybody came
    );
  }

  disconnectedCallback() {
    this.leaving.abort();
    this.teaching.stop();
  }
}

customElements.define("live-teaching", LiveTeaching);
