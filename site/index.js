/** Watch it learn: see index.html. */
import "./figures/before-after/before-after.js";
import "./figures/film-controls/film-controls.js";
import "./figures/five-texts/five-texts.js";
import "./figures/loss-curve/loss-curve.js";
import "./figures/moment-list/moment-list.js";
import "./figures/run-facts/run-facts.js";
import "./figures/run-picker/run-picker.js";
import "./figures/skill-strip/skill-strip.js";
import { begin } from "./kit/page.js";

begin(["before-after", "film-controls", "five-texts", "loss-curve", "moment-list", "run-facts",
       "run-picker", "skill-strip"]).catch((error) => console.warn(error.message));

addEventListener("step", ({ target }) => {
  if (target.localName === "moment-list") document.querySelector("#film").scrollIntoView();
});
