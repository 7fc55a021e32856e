/**
 * Python and the model in one worker, so that typed code can run inside the model, and can be stopped
 * with it when it does not end by itself. See engine/serve.js for the messages; `open` comes first.
 */
import { fetchModel } from "../engine/fetch.js";
import { softmax } from "../engine/kernel.js";
import { entropy, pick, randomNumbers, shares } from "../engine/sample.js";
import { serve } from "../engine/serve.js";
import { startPython } from "./python.js";
import { Tensor } from "./tensor.js";
import { TypedGPT } from "./typed-gpt.js";

const [LINES, WIDTH] = [100, 500];  // printed lines, at most, and characters in each

stayHere();

const paper = { lines: [], more: 0, isOn: false, isEnding: false };  // what was printed
let python = null, opened = {};  // the model that was opened last, and its key
let known = "";  // the source that was read last
let trained = null;  // layers whose weights the typed class has been given; null for a function

function print(line) {
  if (!paper.isOn || (paper.isEnding && !line)) return;
  const shown = line.length > WIDTH ? `${line.slice(0, WIDTH)}…` : line;
  if (paper.lines.length < LINES) paper.lines.push(shown);
  else paper.more += 1;
}

/** Do something, with or without recording what it prints. */
function printing(isOn, act) {
  if (isOn) python.flush();  // what was printed before
  paper.isOn = isOn;
  try {
    return act();
  } finally {
    paper.isEnding = true;
    if (isOn) python.flush();
    Object.assign(paper, { isOn: false, isEnding: false });
  }
}

/**
 * Typed code may have been pasted from anywhere: it can reach this site, and nothing else. There are
 * three walls, each of which would be enough. Python sees no constructor and no property of anything that was not
 * made for it (vendored/README.md), so it stays in Python; the worker has the policy of the page
 * (kit/asked.js), which forbids other sites, eval and Function; and here everything that could contact other
 * sites is removed. Not guarded: the judge's own Python, see `isBelieved` in kit/typed.js.
 */
function stayHere() {
  const { fetch } = globalThis;
  globalThis.fetch = (address, how) => (new URL(address, location).origin === location.origin
    ? fetch(address, how) : Promise.reject(new Error("Only this site can be reached.")));
  for (const name of ["XMLHttpRequest", "WebSocket", "EventSource", "WebTransport", "Worker"]) {
    delete globalThis[name];
  }
}

/** Read a source, unless it was read last. -> "", or what is wrong */
function read(code, defines, isPrinted = false) {
  const wanted = `${defines} ${code}`;
  if (known === wanted && !isPrinted) return "";
  const says = textOf(printing(isPrinted, () => python.ask("read", code, defines))[0]);
  known = says ? "" : wanted;
  trained = defines === "Head" ? new Set() : null;
  return says;
}

/** What Python says, as a text: typed code may have made it anything. */
const textOf = (thing) => (typeof thing === "string" ? thing : thing ? "It is wrong." : "");

const numbersOf = (tensor) => (tensor.isContiguous && !tensor.offset ? tensor.data
  : Float32Array.from(tensor.values()));

async function open(model) {
  if (opened.key !== model.key) {
    opened = { key: model.key, gpt: await fetchModel(model, TypedGPT) };
    trained &&= new Set();
  }
  return opened.gpt;
}

/** Typed code in place of attention. -> { says: what is wrong, or ""; mixed; weights } */
function mixing(model, layer, { q, k, v, x }) {
  const { H, D, C } = model, T = x.length / C;
  const wrong = trained && !trained.has(layer) && train(model, layer);
  if (wrong) return { says: wrong };
  const [says, [mixed, weights]] = python.ask("mix", layer, ...[q, k, v].map((numbers) =>
    new Tensor(numbers, [1, H, T, D])), new Tensor(x, [1, T, C]));
  if (!says && mixed?.numel !== H * T * D) return { says: "What it hands to the model has a different size." };
  return { says: textOf(says), mixed: mixed && numbersOf(mixed),
           weights: weights?.numel === H * T * T ? numbersOf(weights) : undefined };
}

/**
 * Read a text, with the typed code in the model or with the model's own attention. What goes wrong in
 * the code is thrown, as a sentence. -> logits of what follows (V)
 */
function readBy(model, ids, isTyped) {
  model.mix = !isTyped ? null : (layer, given) => {
    const { says, mixed } = printing(false, () => mixing(model, layer, given));
    if (says) throw new Error(says);
    return mixed;
  };
  return model.read(ids);
}

/** Make a typed class with the weights of each head of a layer. -> "", or what is wrong */
function train(model, layer) {
  const { C, D, H } = model;
  for (let head = 0; head < H; head++) {
    const [says] = python.ask("put_in", layer, head, ...["query", "key", "value"].map((kind) =>
      new Tensor(model.layerOf(kind, layer, head), [D, C])));
    if (says) return textOf(says);
  }
  trained.add(layer);
  return "";
}

/** The same, but the logits have to be numbers. */
function logitsOf(model, ids, isTyped) {
  const logits = readBy(model, ids, isTyped);
  if (!model.isFinite) throw new Error(NOTHING);
  return logits;
}

const NOTHING = "The model’s output is NaN, not a number: there is nothing to choose from.";

/** How unlikely a token is, in nats; finite even where its probability would be rounded to 0. */
function surprise(logits, id) {
  const most = logits.reduce((a, b) => Math.max(a, b));
  return Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0)) + most - logits[id];
}

/** The mean loss over a text, in nats per token; NaN if it is not a number. */
function lossOf(model, ids, isTyped) {
  readBy(model, ids.slice(0, -1), isTyped);
  if (!model.isFinite) return NaN;
  let sum = 0;
  for (let place = 0; place < ids.length - 1; place++) {
    sum += surprise(model.logits(place), ids[place + 1]);
  }
  return sum / (ids.length - 1);
}

/** Where the heads of a layer look in a text, (H, T, T), with the model's own attention. */
function ownMaps(model, ids, layer) {
  const T = ids.length, maps = new Float32Array(model.H * T * T);
  readBy(model, ids, false);
  for (let head = 0; head < model.H; head++) {
    for (let t = 0; t < T; t++) maps.set(model.weights(layer, head, t), (head * T + t) * T);
  }
  return maps;
}

/** What can be measured in typed maps (H, T, T); `firstRow` is that of one head. */
function measure(maps, own, T, head) {
  const spread = (all) => {
    let sum = 0;
    for (let i = 0; i < all.length; i += T) sum += entropy(all.subarray(i, i + T)) * T / all.length;
    return sum;
  };
  return { spread: spread(maps), ownSpread: spread(own), isFinite: maps.every(Number.isFinite),
           firstRow: maps.subarray(head * T * T, head * T * T + T).reduce((a, b) => a + b, 0) };
}

/** The result for a source that cannot be judged. */
const unread = (says) => ({ passed: [], failed: "it runs", unread: true, says });

/** How much of a source is right, and where it looks. */
function judged(model, { defines, ids, layer, head, check }) {
  const T = ids.length, own = ownMaps(model, ids, layer);
  const map = (all) => all.slice(head * T * T, (head + 1) * T * T);
  const stages = [];
  printing(false, () => python.ask("stages", (stage, mistake) => {
    stages.push([textOf(stage), textOf(mistake)]);
  }));
  const passed = stages.filter(([stage, mistake]) => !mistake && stage !== "learning")
    .map(([stage]) => stage);  // learning needs gradients: it is judged by train.py
  const [failed, says] = stages.find(([, mistake]) => mistake) ?? ["", ""];
  const isMade = defines !== "Head" || passed.includes("its layers");
  const { weights } = isMade ? printing(true, () => mixing(model, layer, model.given(layer, T))) : {};
  const maps = { ids, own: map(own), mine: weights ? map(weights) : null, hasRun: true };
  const found = { passed, failed, says, maps, measured: weights && measure(weights, own, T, head) };
  return failed ? found : { ...found, ...inModel(model, passed, check) };
}

/** The last stage: whether the model with the typed code in it computes PyTorch's logits. */
function inModel(model, passed, { ids, logits, tolerance }) {
  try {
    const mine = logitsOf(model, ids, true);
    const gap = mine.reduce((most, logit, i) => Math.max(most, Math.abs(logit - logits[i])), 0);
    if (gap <= tolerance) {
      return { passed: [...passed, "in the model"],
               says: `With your code in every head of the model, none of the ${logits.length} logits differs from `
                 + `PyTorch’s by more than ${gap.toFixed(7)}.` };
    }
    return { failed: "in the model", says: `Inside the model, a logit differs from PyTorch’s by ${
      gap.toPrecision(3)}; only ${tolerance} is allowed.` };
  } catch (error) {
    return { failed: "in the model", says: error.message };
  }
}

serve({
  /** Start Python, and fetch the model that it will run in. */
  async open({ model }) {
    if (!python) {
      python = await startPython({ print });
      python.ask("warm_up");
    }
    await open(model);
    return {};
  },

  /**
   * Judge a source, `code`, that defines a function or a class. `ids` is the text that its map is drawn
   * for, with a head of a layer; `check` is what PyTorch computed. -> what <head-check> and <typed-map>
   * show: passed, failed, says, line, printed, more, maps; and `measured`.
   */
  async run({ model: wanted, code, defines, ...more }) {
    const model = await open(wanted);
    Object.assign(paper, { lines: [], more: 0 });
    const says = read(code, defines, true);
    const result = says ? unread(says) : judged(model, { defines, ...more });
    python.tidy();
    const line = Number(/\bline (\d+)/i.exec(result.failed ? result.says : "")?.[1]) || null;
    return { ...result, line, printed: paper.lines, more: paper.more };
  },

  /** The loss over a text with typed code, and with the model's own attention. */
  async loss({ model: wanted, code, defines, ids }) {
    const model = await open(wanted), says = read(code, defines);
    if (says) throw new Error(says);
    const found = { own: lossOf(model, ids, false), mine: lossOf(model, ids, true) };
    python.tidy();
    return found;
  },

  /**
   * Continue a text until `end` or a full context: first with the model's own attention, then with
   * the typed code, which has to read the whole text for each token. Parts: { own } or { mine }, each
   * { id, p }.
   */
  async write({ model: wanted, code, defines, ids, how, seed, end }, tell) {
    const model = await open(wanted), says = read(code, defines);
    if (says) throw new Error(says);
    for (const whose of ["own", "mine"]) {
      const dice = randomNumbers(seed), text = [...ids];
      let logits = logitsOf(model, text, whose === "mine");
      while (text.length < model.n_ctx) {
        const id = pick(shares(logits, how), dice());
        text.push(id);
        tell({ [whose]: { id, p: softmax(logits)[id] } });
        if (id === end || text.length === model.n_ctx) break;
        logits = whose === "mine" ? logitsOf(model, text, true) : model.forward([id]);
        python.tidy();
      }
    }
    return {};
  },
});
