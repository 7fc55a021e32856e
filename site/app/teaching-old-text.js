/**
 * The text that a model has grown up with: some of it is mixed in, and what was held out shows how much the model
 * forgets. An export may have a part of it, and the lab may have all of it.
 *
 *   whereIs(run, lab.state)                                   // "lab", "export" or null
 *   const old = await oldTextOf(run, tokenizer, lab.state);   // null where it is nowhere
 *   old.first(1000)      // about so many of its tokens
 *   old.heldOut          // { ids, spans }, as the worker takes them to measure a loss
 */
import { oldTokens } from "./teaching-text.js";

/**
 * @typedef {{ text: { name: string } | null, tokens: any }} LabState what is asked of the state of the lab: see lab.js
 * @typedef {{ first: (least: number) => Uint16Array, heldOut: { ids: Uint16Array, spans?: [number, number][] } }} OldText
 *   spans: the rows of the ids; without them, the rows are those of whole documents
 */

/**
 * Where the text of a run is. @param {import("./run.js").Run} run @param {LabState | null} lab
 * @returns {"lab" | "export" | null}
 */
export function whereIs(run, lab) {
  if (isTextOf(run, lab)) return "lab";
  const { missing, files } = run.manifest;
  return !missing.training_text && files["training_text.json"] ? "export" : null;
}

/**
 * Whether a run has learned from the text of the lab: then it has its name, as many tokens in both of its parts, and
 * the same tokenizer has come of it.
 */
function isTextOf(run, lab) {
  if (!lab?.text || !lab.tokens.ids) return false;
  const { corpus, tokenizer } = run.manifest;
  const { trained, ids, validationIds } = lab.tokens;
  return (
    corpus.dataset === lab.text.name &&
    corpus.train_tokens === ids.length &&
    corpus.validation_tokens === validationIds.length &&
    isSame(tokenizer.vocab, trained.vocab) &&
    isSame(tokenizer.merges, trained.merges)
  );
}

const isSame = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/**
 * @param {import("./run.js").Run} run @param {import("../engine/tokenizer.js").Tokenizer} tokenizer
 * @param {LabState | null} lab @returns {Promise<OldText | null>}
 */
export async function oldTextOf(run, tokenizer, lab) {
  const place = whereIs(run, lab);
  if (place === "lab") return ofLab(lab.tokens);
  if (place === null) return null;
  const { documents, held_out_ids = [] } = await run.part("training_text"); // older exports have no ids
  if (!areTexts(documents) || !areRows(held_out_ids, tokenizer)) throw run.damaged("training_text.json");
  return { first: (least) => oldTokens(documents, tokenizer, least), heldOut: joined(held_out_ids) };
}

/** The worker cuts the part that is held out as it does while the lab trains: so both measure the same loss. */
const ofLab = ({ ids, validationIds }) => ({
  first: (least) => ids.slice(0, least),
  heldOut: { ids: validationIds.slice() }, // a copy is sent: the lab still needs its own
});

const areTexts = (list) => Array.isArray(list) && list.every((one) => typeof one === "string");

function areRows(list, { vocab }) {
  const isId = (id) => Number.isInteger(id) && id >= 0 && id < vocab.length;
  const isRow = (row) => Array.isArray(row) && row.length > 1 && row.every(isId);
  return Array.isArray(list) && list.every(isRow);
}

/** Rows one after another, and where each is. @param {number[][]} rows */
function joined(rows) {
  const spans = [];
  let start = 0;
  for (const row of rows) {
    spans.push([start, start + row.length - 1]); // its last token is only predicted
    start += row.length;
  }
  return { ids: Uint16Array.from(rows.flat()), spans };
}
