/**
 * What is compared with what, in words: each of the two sides is named by what is different.
 *
 *   sidesOf(pass, otherPass, { run, step, temperature, versus: "off:2.1" })
 *   // [{ name: "with all heads", where: "with all heads" }, { name: "without head 2.1", … }]
 *
 * @typedef {{ name: string, where: string }} Side name: "step 300"; where, as the end of a sentence:
 *   "at step 300"
 */
import { printable } from "./command.js";
import { count } from "./format.js";
import { nearestSnapshot } from "./model.js";
import { parentOf } from "./parent.js";
import { kindAndValue } from "./store.js";

/**
 * The names of the two sides. One of them may be an error: it is named as well.
 * @param {any} pass a ForwardPass, as the next @param {any} otherPass
 * @param {{ run: any, step: number, temperature: number, versus: string }} request
 * @returns {Side[]}
 */
export function sidesOf(pass, otherPass, request) {
  const { run, step, temperature, versus } = request;
  const [kind, value] = kindAndValue(versus);
  const of = (one, name, asked) => (one instanceof Error ? asked : one[name]);
  if (kind === "temperature") {
    const temperatures = [of(pass, "temperature", temperature), of(otherPass, "temperature", value)];
    return temperatures.map((one) => side(`temperature ${one}`, "at"));
  }
  if (kind === "run") return [run.name, value].map((one) => side(`run ${printable(one)}`, "in"));
  if (kind === "step") {
    const steps = [of(pass, "step", nearestSnapshot(run, step)), of(otherPass, "step", Number(value))];
    return steps.map((one) => stepSide(run, one));
  }
  const whole = kind === "layer" ? "with all layers" : "with all heads";
  return [side(whole), side(`without ${kind === "layer" ? "layer" : "head"} ${printable(value)}`)];
}

/** Step 0 of a run that goes on from another one is that one. */
function stepSide(run, step) {
  const parent = parentOf(run.manifest);
  return parent && step === 0 ? side(`its parent ${parent.name}`, "in") : side(`step ${count(step)}`, "at");
}

/** @returns {Side} */
const side = (name, preposition = "") => ({ name, where: `${preposition} ${name}`.trim() });
