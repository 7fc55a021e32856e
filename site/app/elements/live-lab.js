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
import { remember, remembered } from "../tab-memory.js";
import { WorkerClient } from "../worker-client.js";

const SHOWN = "terrarium.shown"; // the id of the model that this tab has shown last; null for one that has learned nothing

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
    this.shownId = remembered(SHOWN);
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

  /**
   * The model that this tab has shown last, if it is kept, or else the text that one begins with; unless somebody has
   * chosen something meanwhile.
   */
  async open() {
    const { lab } = this;
    const found = lab.findKept();
    lab.update({ status: "preparing" }); // so that a press on Train is not lost
    try {
      if (this.shownId) await found;
      const isKept = lab.state.kept.some(({ id }) => id === this.shownId);
      if (isKept && !lab.state.text) await lab.goOn(this.shownId, { trains: lab.state.waits });
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
    if (state.text) this.rememberShown();
  }

  /** Once a model has been reset, or another text was chosen, nobody who comes back wants the one before. */
  rememberShown() {
    const { state, modelId } = this.lab;
    const id = state.step ? modelId : null;
    if (id === this.shownId) return;
    this.shownId = id;
    remember(SHOWN, id);
  }
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
