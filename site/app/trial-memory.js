/**
 * Trainings of Trials that outlive leaving the page and coming back, until the tab is closed.
 *
 *   await rememberTrial(request, trial)
 *   await rememberedTrial(request)      // the same trial, or null
 *
 * @typedef {import("./trials.js").Request} Request
 * @typedef {import("./trials.js").Trial} Trial
 */
import { sha256 } from "./sha256.js";
import { remember, remembered } from "./tab-memory.js";

const KEY = "terrarium.tried.1."; // another number when a trial has another form
const keysOfSources = new WeakMap();

/** @param {Request} request @param {Trial} trial of it: what it was asked for is not kept */
export async function rememberTrial(request, trial) {
  remember(KEY + (await requestKey(request)), { ...trial, settings: undefined, source: undefined });
}

/** @param {Request} request @returns {Promise<Trial | null>} */
export async function rememberedTrial(request) {
  const found = remembered(KEY + (await requestKey(request)));
  if (!isTrial(found)) return null;
  const { settings, source } = request;
  return { ...found, settings, source, evaluations: found.evaluations.map(withNumber) };
}

/** The same for the same text, settings and questions, and for no others. @param {Request} request */
export async function requestKey({ source, ...others }) {
  return hashOf(`${await sourceKey(source)} ${JSON.stringify(others)}`);
}

/** The same for the same tokens, and for no others. @param {import("./trials.js").Source} source @returns {Promise<string>} */
export function sourceKey(source) {
  if (!keysOfSources.has(source)) keysOfSources.set(source, hashOfTokens(source));
  return keysOfSources.get(source);
}

async function hashOfTokens({ tokenizer, ids, validationIds }) {
  const all = [
    await hashOf(JSON.stringify(tokenizer.vocab)),
    await hashOfIds(ids),
    await hashOfIds(validationIds),
  ];
  return hashOf(all.join());
}

const hashOf = (text) => sha256(new TextEncoder().encode(text));

const hashOfIds = ({ buffer, byteOffset, byteLength }) =>
  sha256(new Uint8Array(buffer, byteOffset, byteLength));

/** JSON has no NaN: what was one comes back as null. */
const withNumber = ({ step, loss }) => ({ step, loss: loss ?? NaN });

function isTrial(found) {
  return (
    Number.isInteger(found?.step) &&
    ["losses", "evaluations", "samples"].every((name) => Array.isArray(found[name])) &&
    typeof found.answers === "object"
  );
}
