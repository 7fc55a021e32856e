/**
 * <exercise-chooser></exercise-chooser>
 *
 * What to write; or, while a famous mistake is in the editor, which one, and the way back.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { EXERCISES, changedLines } from "../../exercise/exercises.js";
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
    .mistake { border-left: 4px solid var(--chosen); padding-left: 12px; margin-top: 8px; }
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
    return html`<div class="row" role="group" aria-label="What you write">
        ${Object.entries(EXERCISES).map(
          ([name, { title }]) => html`<button
          aria-pressed=${String(!this.mistake && this.exercise === name)}
          @click=${() => this.choose(name)}>${title}</button>`,
        )}</div>
      ${
        this.mistake
          ? html`<p class="row mistake">You are looking at a famous mistake: ${this.mistake.name}. What
        differs from a right answer is marked: line ${changedLines(this.mistake.code).join(", ")}. Your own code
        is kept. <button @click=${() => this.typed.goBack()}>Back to my code</button></p>`
          : nothing
      }`;
  }
}

customElements.define("exercise-chooser", ExerciseChooser);
