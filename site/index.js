/** Watch it learn: see index.html. */
import "./figures/before-after/before-after.js";
import "./figures/loss-curve/loss-curve.js";
import "./figures/milestone-list/milestone-list.js";
import "./figures/prompt-samples/prompt-samples.js";
import "./figures/rule-accuracy/rule-accuracy.js";
import "./figures/run-facts/run-facts.js";
import "./figures/run-picker/run-picker.js";
import "./figures/step-controls/step-controls.js";
import { startPage } from "./app/page.js";

startPage([
  "before-after",
  "loss-curve",
  "milestone-list",
  "prompt-samples",
  "rule-accuracy",
  "run-facts",
  "run-picker",
  "step-controls",
]).catch((error) => console.warn(error.message));

addEventListener("step", ({ target }) => {
  if (target.localName === "milestone-list") document.querySelector("#training").scrollIntoView();
});
