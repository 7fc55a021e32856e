/**
 * <live-teaching> … </live-teaching>
 *
 * A grown model that is taught something new. Figures inside ask it for "teaching": see app/teaching.js. Runs are
 * opened when somebody comes near, and its worker starts with the first lesson.
 */
import { ask, provide } from "../context.js";
import { near } from "../near.js";
import { listRuns, openRun } from "../run.js";
import { keptRuns } from "../take-along.js";
import { Teaching } from "../teaching.js";
import { WorkerClient } from "../worker-client.js";

/** The runs of this site, and those that this browser keeps. */
async function listAll() {
  await keptRuns.refresh();
  const kept = keptRuns.state.list;
  const exported = await listRuns().catch((error) => {
    if (!kept.length) throw error;
    return [];
  });
  return [...exported, ...kept];
}

class LiveTeaching extends HTMLElement {
  teaching = new Teaching({
    worker: new WorkerClient(new URL("../../engine/train-worker.js", import.meta.url)),
    listRuns: listAll,
    openRun,
  });

  connectedCallback() {
    provide(this, "teaching", this.teaching);
    this.leaving = new AbortController();
    this.stopFollowing = keptRuns.subscribe(() => this.teaching.addKept(keptRuns.state.list));
    near(this.closest("section") ?? this, this.leaving.signal).then(
      () => this.open(),
      () => {}, // it was taken away before anybody came
    );
  }

  open() {
    const lab = ask(this, "lab"); // null where there is none around
    const follow = () => this.teaching.followLab(lab.state);
    if (lab) {
      follow();
      this.leaving.signal.addEventListener("abort", lab.subscribe(follow));
    }
    this.teaching.open(ask(this, "store")?.chosen.run);
  }

  disconnectedCallback() {
    this.leaving.abort();
    this.stopFollowing();
    this.teaching.stop();
  }
}

customElements.define("live-teaching", LiveTeaching);
