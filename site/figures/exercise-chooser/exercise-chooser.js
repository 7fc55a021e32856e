/**
 * <exercise-chooser exercise="attention" trial="no_scale"></exercise-chooser>
 *
 * What to write; or, while a famous mistake is in the editor, which one, and the way back.
 * Emits: "exercise" { exercise }, "back" {}.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { EXERCISES, MISTAKES } from "../../exercise/exercises.js";
import { controls } from "../../app/controls.js";
import { Figure } from "../../app/figure.js";

class ExerciseChooser extends Figure {
  static properties = { exercise: { type: String }, trial: { type: String } };

  static styles = [
    Figure.styles,
    controls,
    css`
    .trial { border-left: 4px solid var(--chosen); padding-left: 12px; margin-top: 8px; }
  `,
  ];

  load() {
    return true;
  }

  render() {
    return html`<div class="row" role="group" aria-label="What you write">
        ${Object.entries(EXERCISES).map(
          ([name, { title }]) => html`<button
          aria-pressed=${String(!this.trial && this.exercise === name)}
          @click=${() => this.emit("exercise", { exercise: name })}>${title}</button>`,
        )}</div>
      ${
        this.trial
          ? html`<p class="row trial">You are looking at a famous mistake: ${
              MISTAKES.find(({ id }) => id === this.trial).name
            }. Your own
        code is kept. <button @click=${() => this.emit("back")}>Back to my code</button></p>`
          : nothing
      }`;
  }
}

customElements.define("exercise-chooser", ExerciseChooser);
