/**
 * The command with which train.py trains a model like that of the lab, and whether there is one.
 *
 *   repeatCommand(settings, { kind: "bpe", vocabSize: 512 }, "my_text.txt")
 *   // "python train.py --dataset my_text.txt --vocab-size 512 --n-layer 2 …"
 */
import { FROM_PAGE } from "../engine/kept.js";
import { USUAL } from "./lab-sizes.js";

/** What train.py takes if nothing else is said, for a text of one's own: the class Settings. */
const DEFAULTS = {
  vocab_size: 768,
  n_layer: 3,
  n_head: 4,
  n_embd: 128,
  n_ff: 512,
  n_ctx: 256,
  batch_size: 8,
  steps: 1300,
  ...USUAL,
};
const ONLY_OF_MUON = ["matrix_lr", "momentum"];

/** What every model of train.py has, and one of the lab may lack: see engine/training.js. */
const PARTS = ["mask", "positions", "residual", "scale"];

/** Why no other page and no train.py can have a model: a sentence, or null if they can. */
export function whyOnlyHere(settings) {
  if (settings.architecture === "window") {
    return "A window model stays in this page: the other pages show attention heads, and it has none.";
  }
  if (PARTS.every((part) => settings[part] !== false)) return null;
  return "This model stays in this page: it lacks a part that the other pages and train.py count on.";
}

/**
 * @param {any} settings those of the lab @param {{ kind: "characters" | "bpe", vocabSize: number }} tokens
 * @param {string} file the name of the file with the text
 */
export function repeatCommand(settings, { kind, vocabSize }, file) {
  const wanted = { ...settings, vocab_size: kind === "bpe" ? vocabSize : 0 };
  const flags = Object.keys(DEFAULTS)
    .filter((name) => wanted[name] !== undefined && wanted[name] !== DEFAULTS[name])
    .filter((name) => settings.optimizer !== "adamw" || !ONLY_OF_MUON.includes(name))
    .map((name) => `--${name.replaceAll("_", "-")} ${wanted[name]}`);
  return ["python train.py", `--dataset ${file}`, ...flags].join(" ");
}

/** A name for a file or a folder, the same in every system: letters and digits of English, - and _. */
export function plainName(name) {
  const plain = name
    .normalize("NFKD")
    .replace(/\.(txt|md|csv|docx|pdf|zip)$/i, "")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replace(/^-+|-+$/g, "");
  return plain || "my-text";
}

/** What a model of a page is called in this browser: "lab-rhymes" -> "rhymes". @param {string} name */
export const nameOfModel = (name) =>
  plainName(name.startsWith(FROM_PAGE) ? name.slice(FROM_PAGE.length) : name);

/**
 * And among the runs of a site: "rhymes" -> "lab-rhymes", which takes the place of no run of train.py.
 * @param {string} name
 */
export const nameAmongRuns = (name) => `${FROM_PAGE}${nameOfModel(name)}`;
