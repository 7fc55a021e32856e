/**
 * <teach-keep></teach-keep>
 *
 * What becomes of a model that was taught something: it can be opened in the other pages, kept in this browser, and
 * downloaded.
 */
import { css, html, nothing } from "../../vendored/lit.js";
import { TakeAlong } from "../../app/take-along.js";
import { TeachingFigure, plainNameOf } from "../../app/teaching-figure.js";

class TeachKeep extends TeachingFigure {
  static properties = { shown: { from: "teaching" } };

  static styles = [
    TeachingFigure.styles,
    css`
    .row { gap: 8px; }
    .note, .status { margin-top: 8px; }
    .status:empty { display: none; }
  `,
  ];

  taking = new TakeAlong(this, { take: () => this.take(), list: "in the list under “Take it along”" });

  willUpdate(changed) {
    super.willUpdate(changed);
    if (changed.has("shown") && changed.get("shown")) this.taking.forgetNews();
  }

  async take() {
    const { exportedResult } = await import("../../app/teaching-export.js");
    return exportedResult(this.teaching.worker, this.shown);
  }

  drawTeaching() {
    if (!this.shown) return nothing;
    const isOff = !this.shown.weights || Boolean(this.work);
    return html`${this.taking.buttons({ isOff })}
      <p class="note">${
        this.shown.weights
          ? `Unless you keep it, what it has learned is gone when you leave the page. The next lesson begins again with ${plainNameOf(this.shown.request.run.name)} as it was before.`
          : "Only the last models are still there, and this is not one of them: teach it again."
      }</p>
      ${this.taking.report()}`;
  }
}

customElements.define("teach-keep", TeachKeep);
