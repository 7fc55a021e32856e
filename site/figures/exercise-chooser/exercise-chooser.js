/**
 * <exercise-chooser exercise="attention" trial="The forgotten scale"></exercise-chooser>
 *
 * What to write; or, while a famous mistake is in the editor, which one, and the way back.
 * Emits: "exercise" { exercise }, "own" {}.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { EXERCISES } from "../../exercise/exercises.js";
import { controls } from "../../kit/controls.js";
import { Figure } from "../../kit/figure.js";

class ExerciseChooser extends Figure {
  static properties = { exercise: { type: String }, trial: { type: String } };

  static styles = [Figure.styles, controls, css`
    .trial { border-left: 4px solid var(--chosen); padding-left: 12px; margin-top: 8px; }
  `];

  load() {
    return true;
  }

  render() {
    return html`<div class="row" role="group" aria-label="What you write">
        ${Object.entries(EXERCISES).map(([name, { title }]) => html`<button
          aria-pressed=${String(!this.trial && this.exercise === name)}
          @click=${() => this.tell("exercise", { exercise: name })}>${title}</button>`)}</div>
      ${this.trial ? html`<p class="row trial">You are looking at a famous mistake: ${this.trial}. Your own
        code is kept. <button @click=${() => this.tell("own")}>Back to my code</button></p>` : nothing}`;
  }
}

customElements.define("exercise-chooser", ExerciseChooser);
