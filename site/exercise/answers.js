/** The right answers. Nothing loads them until somebody asks to see one: see app/typed-head.js. */
import { EXERCISES } from "./exercises.js";
import { withFillings, withLines } from "./ways.js";

/** What the lines begin with, in an order that is right. */
const ORDER = ["q, k, v =", "D =", "scores =", "later =", "hidden =", "weights =", "return"];
const FILLINGS = ["powers / sums", "shares @ v"];

/** @param {string} exercise @param {string} way one of WAYS */
export const answerTo = (exercise, way = "empty") =>
  way === "blanks"
    ? withFillings(exercise, FILLINGS)
    : withLines(exercise, inOrder(EXERCISES[exercise].lines));

const inOrder = (lines) =>
  ORDER.flatMap((beginning) => lines.filter((line) => line.trim().startsWith(beginning)));
