/**
 * The parent of a run: the run that it goes on from, on another text. (`python train.py --from runs/stories
 * --dataset my_text.txt`). The child begins with the last weights of its parent, so step 0 of the child is
 * the parent.
 */
import { printable } from "./command.js";
import { count } from "./format.js";

/**
 * The parent of a run, with names that can be shown; null for a run that began with random numbers.
 * @param {{ corpus: { parent?: import("./manifest.js").Parent } }} manifest
 */
export function parentOf({ corpus: { parent } }) {
  return parent ? { name: printable(parent.name), step: parent.step, text: textName(parent.dataset) } : null;
}

/** The name of a text, which may be the path of a file: "/home/me/novel.txt" -> "novel.txt". */
export const textName = (dataset) => printable(dataset.split(/[\\/]/).findLast(Boolean) ?? dataset);

/** 1300 -> "1,300 steps". */
export const stepCount = (n) => `${count(n)} ${n === 1 ? "step" : "steps"}`;
