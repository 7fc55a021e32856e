/**
 * The base class of figures of the lab that follow what is chosen there: the text, its tokens, the numbers of the model.
 * While steps go by, only those on the screen are drawn.
 */
import { LabFigure } from "./lab-figure.js";
import { OnScreen } from "./near.js";

export class LabChoice extends LabFigure {
  /** @type {Object<string, object>} */
  static properties = {
    text: { from: "lab", attribute: false },
    tokens: { from: "lab", attribute: false },
    settings: { from: "lab", attribute: false },
  };

  screen = new OnScreen(this);
  vocabSize = 0; // how many tokens there are, or will be

  async scheduleUpdate() {
    if (this.hasUpdated) await this.screen.turn();
    if (this.isConnected) super.scheduleUpdate();
  }

  willUpdate(changed) {
    super.willUpdate(changed);
    const { tokenizer, kind, vocabSize } = this.tokens;
    if (tokenizer) this.vocabSize = tokenizer.vocab.length;
    else if (kind === "bpe") this.vocabSize = vocabSize;
  }

  /** Whether something is lost if another model is chosen. */
  get hasLearned() {
    return this.step > 0;
  }
}
