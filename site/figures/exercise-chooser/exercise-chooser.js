/**
 * <exercise-chooser></exercise-chooser>
 *
 * What to write; or, while a famous mistake is in the editor, which one, and the way back.
 */
import { css, html } from "../../vendored/lit.js";
import { EXERCISES } from "../../exercise/exercises.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";

class ExerciseChooser extends Figure {
  static properties = {
    exercise: { from: "typed", attribute: false },
    mistake: { from: "typed", attribute: false },
  };

  static styles = [
    Figure.styles,
    controls,
    css`
    .mistake { border-left: 4px solid var(--chosen); padding-left: 12px; }
    .mistake span { flex: 1 1 14em; }
    @media (max-width: 640px) {
      .row { gap: 8px; }
      .mistake { row-gap: 4px; }
      button { padding: 4px 12px; }
    }
  `,
  ];

  load() {
    return true;
  }

  choose(exercise) {
    this.typed.edit({ exercise });
    this.store.set({ exercise: exercise === "attention" ? null : exercise });
  }

  render() {
    return this.mistake ? this.note(this.mistake) : this.exercises();
  }

  exercises() {
    return html`<div class="row" role="group" aria-label="What you write">
        ${Object.entries(EXERCISES).map(
          ([name, { title }]) => html`<button
          aria-pressed=${String(this.exercise === name)}
          @click=${() => this.choose(name)}>${title}</button>`,
        )}</div>`;
  }

  note({ lines }) {
    return html`<p class="row mistake"><span>The mistake is marked: line ${lines.join(", ")}. Your own code is
      kept.</span>
      <button @click=${() => this.typed.goBack()}>Back to my code</button></p>`;
  }
}

customElements.define("exercise-chooser", ExerciseChooser);
