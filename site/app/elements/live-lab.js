/**
 * <live-lab> … </live-lab>
 *
 * A model that learns in the page. Figures inside ask it for "lab": see app/lab.js. The title of the tab says how far
 * it is; while the tab is out of sight, it pauses.
 */
import { provide } from "../context.js";
import { endFirstView } from "../first-view.js";
import { percent } from "../format.js";
import { firstCorpus, loadCorpus } from "../lab-corpora.js";
import { LabStorage } from "../lab-storage.js";
import { Lab } from "../lab.js";
import { Snapshots } from "../lab-snapshots.js";
import { WorkerClient } from "../worker-client.js";

class LiveLab extends HTMLElement {
  lab = new Lab({
    worker: new WorkerClient(new URL("../../engine/train-worker.js", import.meta.url)),
    storage: new LabStorage(),
  });
  snapshots = new Snapshots(this.lab);

  connectedCallback() {
    const { lab } = this;
    provide(this, "lab", lab);
    provide(this, "snapshots", this.snapshots);
    this.usualTitle = document.title;
    this.onVisible = () => (document.hidden ? lab.hide() : lab.show());
    document.addEventListener("visibilitychange", this.onVisible);
    this.stop = lab.subscribe(() => this.follow());
    this.open();
  }

  disconnectedCallback() {
    this.stop();
    document.removeEventListener("visibilitychange", this.onVisible);
    this.lab.pause();
    document.title = this.usualTitle;
  }

  /** The text that one begins with, unless somebody has chosen another one meanwhile. */
  async open() {
    const { lab } = this;
    const found = lab.findKept();
    lab.update({ status: "preparing" }); // so that a press on Train is not lost
    try {
      if (isBack()) {
        await found;
        if (lab.state.kept.length && !lab.state.text) await lab.goOn();
      }
      const text = await loadCorpus(await firstCorpus()).catch(() => loadCorpus("rhymes"));
      if (!lab.state.text) await lab.setText(text);
    } catch (error) {
      if (!lab.state.text) lab.update({ status: "empty", problem: error.message, waits: false });
    }
    endFirstView();
  }

  follow() {
    const { state } = this.lab;
    const title = titleOf(state) ?? this.usualTitle;
    if (document.title !== title) document.title = title;
  }
}

/** Whether somebody comes back from another page, where they looked at their model perhaps. */
function isBack() {
  const [visit] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  return visit?.type === "back_forward";
}

/** What the tab is called while something goes on; null for its usual name. */
function titleOf({ status, pausedBy, step, settings, losses }) {
  const loss = losses.at(-1)?.loss;
  if (loss === undefined) return null;
  const progress = `${percent(step / settings.steps)} · loss ${loss.toFixed(2)}`;
  if (status === "training") return progress;
  return pausedBy === "hidden" ? `Paused · ${progress}` : null;
}

customElements.define("live-lab", LiveLab);
