/** The base class of figures of the lab that follow what is chosen there: the text, its tokens, the numbers of the model. */
import { LabFigure } from "./lab-figure.js";

export class LabChoice extends LabFigure {
  /** @type {Object<string, object>} */
  static properties = {
    text: { from: "lab", attribute: false },
    tokens: { from: "lab", attribute: false },
    settings: { from: "lab", attribute: false },
  };

  vocabSize = 0; // how many tokens there are, or will be

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
