/**
 * Python and the model in one worker, so that typed code can run inside the model, and can be stopped
 * with it when it does not end by itself. See engine/serve.js for the messages; `open` comes first.
 *
 * @typedef {{ stage: string, message: string, hint: string, line: ?number }} Mistake as in judge.py;
 *   two more stages are "read", where a source cannot be run, and "in_model"
 */
import { fetchModel } from "../engine/fetch.js";
import { softmax } from "../engine/kernel.js";
import { entropy, makeRng, pick, samplingProbs } from "../engine/sample.js";
import { serve } from "../engine/serve.js";
import { startPython } from "./python.js";
import { Tensor } from "./tensor.js";
import { TypedGPT } from "./typed-gpt.js";

const MAX_LINES = 100; // that are printed
const MAX_WIDTH = 500; // characters of a line

blockOtherSites();

let output = { printed: [], truncated: 0 };
let isRecording = false;
let isEnding = false;
let python = null;
let opened = {}; // the model that was opened last, and its key
let lastSource = ""; // the one that was read last
let initialized = null; // layers whose weights the typed class has been given; null for a function

function print(line) {
  if (!isRecording || (isEnding && !line)) return;
  const shown = line.length > MAX_WIDTH ? `${line.slice(0, MAX_WIDTH)}…` : line;
  if (output.printed.length < MAX_LINES) output.printed.push(shown);
  else output.truncated += 1;
}

/** Call a function of tryout.py, and record what it prints. */
function record(...call) {
  python.flush(); // what was printed before
  isRecording = true;
  try {
    return python.call(...call);
  } finally {
    isEnding = true;
    python.flush();
    isRecording = isEnding = false;
  }
}

const callPython = (...call) => python.call(...call);

/**
 * Typed code may have been pasted from anywhere, so it can reach only this site. There are three walls,
 * each of which would be enough. Python sees no constructor and no property of anything that was not
 * made for it (vendored/README.md). The worker has the policy of the page (app/worker-client.js), which
 * forbids other sites, eval and Function. And here, what could contact other sites is removed.
 * Not guarded: the judge's own Python, see `isPlausible` in app/code-runner.js.
 */
function blockOtherSites() {
  const { fetch } = globalThis;
  const { origin } = new URL(import.meta.url); // that of the worker is "null" in a closed-off frame
  globalThis.fetch = (...wanted) => {
    const request = new Request(...wanted);
    if (new URL(request.url).origin === origin) return fetch(request);
    return Promise.reject(new Error("Only this site can be reached."));
  };
  for (const name of ["XMLHttpRequest", "WebSocket", "EventSource", "WebTransport", "Worker"]) {
    delete globalThis[name];
  }
}

/** Read a source, unless it was read last. @returns {?Mistake} */
function read(code, defines, call = callPython) {
  const source = `${defines} ${code}`;
  if (lastSource === source && call !== record) return null;
  const mistake = mistakeIn(call("read", code, defines).reports);
  lastSource = mistake ? "" : source;
  initialized = defines === "Head" ? new Set() : null;
  return mistake;
}

/** The mistake that Python reported, if any; typed code may have changed its parts. @returns {?Mistake} */
function mistakeIn(reports) {
  const report = reports.find(([, message]) => message);
  if (!report) return null;
  const [stage, message, hint] = report.map(String);
  const line = Number.isInteger(report[3]) ? report[3] : null;
  return { stage, message, hint: report[2] ? hint : stage, line };
}

const floatsOf = (tensor) =>
  tensor.isContiguous && !tensor.offset ? tensor.data : Float32Array.from(tensor.values());

async function open(model) {
  if (opened.key !== model.key) {
    opened = { key: model.key, gpt: await fetchModel(model, TypedGPT) };
    initialized &&= new Set();
  }
  return opened.gpt;
}

/** A mistake that only shows inside the model. @returns {Mistake} */
const inModel = (message) => ({ stage: "in_model", message, hint: "in_model", line: null });

/**
 * Call the typed code.
 * @returns {{ mistake?: Mistake, mixed?: any, weights?: any }} of (H, T, D) and (H, T, T)
 */
function runTyped(model, layer, { q, k, v, x }, call = callPython) {
  const { H, D, C } = model;
  const T = x.length / C;
  const wrong = initialized && !initialized.has(layer) && initialize(model, layer, call);
  if (wrong) return { mistake: wrong };
  const shape = [1, H, T, D];
  const inputs = [q, k, v].map((floats) => new Tensor(floats, shape));
  inputs.push(new Tensor(x, [1, T, C]));
  const {
    reports,
    tensors: [mixed, weights],
  } = call("attention", layer, ...inputs);
  const mistake = mistakeIn(reports);
  if (mistake) return { mistake };
  if (`${mixed?.shape}` !== `${shape}`) {
    return { mistake: inModel(`Inside the model, its result has the shape ${mixed?.shape}, not ${shape}.`) };
  }
  const isMap = `${weights?.shape}` === `${[1, H, T, T]}`;
  return { mixed: floatsOf(mixed), weights: isMap ? floatsOf(weights) : undefined };
}

/** Make a typed class with the weights of each head of a layer. @returns {?Mistake} */
function initialize(model, layer, call) {
  const { C, D, H } = model;
  for (let head = 0; head < H; head++) {
    const weights = ["query", "key", "value"].map(
      (kind) => new Tensor(model.headWeight(kind, layer, head), [D, C]),
    );
    const mistake = mistakeIn(call("initialize", layer, head, ...weights).reports);
    if (mistake) return mistake;
  }
  initialized.add(layer);
  return null;
}

/** The Error that says what is wrong with the code in the model. */
const errorOf = (mistake) => Object.assign(new Error(mistake.message), { mistake });

/**
 * Read a text, with the typed code in the model or with the model's built-in attention.
 * @returns {Float32Array} logits of what follows, (V)
 */
function forward(model, ids, isTyped) {
  model.attentionFn = !isTyped
    ? null
    : (layer, inputs) => {
        const { mistake, mixed } = runTyped(model, layer, inputs);
        if (mistake) throw errorOf(mistake);
        return mixed;
      };
  return model.read(ids);
}

/** The same, but the logits have to be numbers. */
function finiteLogits(model, ids, isTyped) {
  const logits = forward(model, ids, isTyped);
  if (model.isFinite) return logits;
  throw errorOf(inModel("The model’s output is NaN, not a number: there is nothing to choose from."));
}

/** -log p of a token, in nats; finite even where p would be rounded to 0. */
function crossEntropy(logits, id) {
  const max = logits.reduce((a, b) => Math.max(a, b));
  return Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - max), 0)) + max - logits[id];
}

/** The mean loss over a text, in nats per token; NaN if it is not a number. */
function meanLoss(model, ids, isTyped) {
  forward(model, ids.slice(0, -1), isTyped);
  if (!model.isFinite) return NaN;
  let sum = 0;
  for (let position = 0; position < ids.length - 1; position++) {
    sum += crossEntropy(model.logits(position), ids[position + 1]);
  }
  return sum / (ids.length - 1);
}

/** The weights of the built-in heads of a layer, (H, T, T). */
function builtinPatterns(model, ids, layer) {
  const T = ids.length;
  const patterns = new Float32Array(model.H * T * T);
  forward(model, ids, false);
  for (let head = 0; head < model.H; head++) {
    for (let t = 0; t < T; t++) patterns.set(model.attentionRow(layer, head, t), (head * T + t) * T);
  }
  return patterns;
}

/** What can be measured in patterns (H, T, T); `firstRowSum` and `firstWeight` are those of one head. */
function measure(typed, builtin, T, head) {
  const meanEntropy = (rows) => {
    let sum = 0;
    for (let i = 0; i < rows.length; i += T) sum += (entropy(rows.subarray(i, i + T)) * T) / rows.length;
    return sum;
  };
  return {
    entropy: meanEntropy(typed),
    builtinEntropy: meanEntropy(builtin),
    isFinite: typed.every(Number.isFinite),
    firstWeight: typed[head * T * T],
    firstRowSum: typed.subarray(head * T * T, head * T * T + T).reduce((a, b) => a + b, 0),
  };
}

function judge(model, { ids, layer, head, check }, onStage) {
  const T = ids.length;
  const builtin = builtinPatterns(model, ids, layer);
  const ofHead = (patterns) => patterns.slice(head * T * T, (head + 1) * T * T);
  const { reports } = python.listen((stage, message) => message || onStage(String(stage)), "stages");
  const mistake = mistakeIn(reports);
  const passed = reports.filter(([, message]) => !message).map(([stage]) => String(stage));
  const { weights } = runTyped(model, layer, model.inputs(layer, T), record);
  const maps = { ids, builtin: ofHead(builtin), typed: weights ? ofHead(weights) : null, hasRun: true };
  const result = { passed, mistake, maps, measured: weights && measure(weights, builtin, T, head) };
  return mistake ? result : { ...result, ...compareLogits(model, passed, check) };
}

/** The last stage: whether the model with the typed code in it computes PyTorch's logits. */
function compareLogits(model, passed, { ids, logits, tolerance }) {
  try {
    const typed = finiteLogits(model, ids, true);
    const maxAbsDiff = typed.reduce((max, logit, i) => Math.max(max, Math.abs(logit - logits[i])), 0);
    if (maxAbsDiff <= tolerance) {
      return { passed: [...passed, "in_model"], maxAbsDiff, n_logits: logits.length };
    }
    return {
      mistake: inModel(
        `Inside the model, a logit differs from PyTorch’s by ${maxAbsDiff.toPrecision(
          3,
        )}; only ${tolerance} is allowed.`,
      ),
    };
  } catch ({ mistake, message }) {
    return { mistake: { ...(mistake ?? inModel(message)), stage: "in_model" } };
  }
}

serve({
  /** Start Python, and fetch the model that it will run in. */
  async open({ model }) {
    if (!python) {
      python = await startPython({ print });
      python.call("warm_up");
    }
    await open(model);
    return {};
  },

  /**
   * Judge a source, `code`, that defines a function or a class. `ids` is the text that its map is drawn
   * for, with a head of a layer; `check` is what PyTorch computed. -> passed: the stages; mistake, or
   * null and then maxAbsDiff of n_logits from PyTorch's; printed: lines; truncated: how many are not
   * in it; maps: see <typed-map>; measured. Emits each stage that is passed.
   */
  async run({ model: wanted, code, defines, ...options }, { onProgress }) {
    const model = await open(wanted);
    output = { printed: [], truncated: 0 };
    const mistake = read(code, defines, record);
    const result = mistake ? { passed: [], mistake } : judge(model, options, onProgress);
    python.collectGarbage();
    return { ...result, ...output };
  },

  /** The loss over a text with typed code, and with the model's built-in attention. */
  async loss({ model: wanted, code, defines, ids }) {
    const model = await open(wanted);
    const mistake = read(code, defines);
    if (mistake) throw errorOf(mistake);
    const losses = { builtin: meanLoss(model, ids, false), typed: meanLoss(model, ids, true) };
    python.collectGarbage();
    return losses;
  },

  /**
   * Continue a text until `end` or a full context: first with the model's built-in attention, then
   * with the typed code, which has to read the whole text for each token. Emits { builtin } or
   * { typed }, each { id, p }.
   */
  async write({ model: wanted, code, defines, ids, how, seed, end }, { onProgress }) {
    const model = await open(wanted);
    const mistake = read(code, defines);
    if (mistake) throw errorOf(mistake);
    for (const head of ["builtin", "typed"]) {
      const rng = makeRng(seed);
      const text = [...ids];
      let logits = finiteLogits(model, text, head === "typed");
      while (text.length < model.n_ctx) {
        const id = pick(samplingProbs(logits, how), rng());
        text.push(id);
        onProgress({ [head]: { id, p: softmax(logits)[id] } });
        if (id === end || text.length === model.n_ctx) break;
        logits = head === "typed" ? finiteLogits(model, text, true) : model.forward([id]);
        python.collectGarbage();
      }
    }
    return {};
  },
});
