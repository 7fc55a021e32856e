/** The base class of figures of the lab that follow what is chosen there: the text, its tokens, the numbers of the model. */
import { LabFigure } from "./lab-figure.js";

export class LabChoice extends LabFigure {
  /** @type {Object<string, object>} */
  static properties = {
    text: { from: "lab", attribute: false },
    tokens: { from: "lab", attribute: false },
    settings: { from: "lab", attribute: false },
  };

  willUpdate(changed) {
    super.willUpdate(changed);
    const { tokenizer, merges = [] } = this.tokens ?? {};
    this.vocabSize = tokenizer?.vocab.length ?? merges.at(-1)?.vocabSize ?? this.vocabSize ?? 0;
  }

  /** The size of the vocabulary, while it is made as far as it has come. */
  vocabSize = 0;

  /** Whether something is lost if another model is chosen. */
  get hasLearned() {
    return this.step > 0;
  }
}
