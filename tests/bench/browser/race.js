/**
 * Two engines generate text in turns, and are timed. browser.py opens the page with two parameters, and
 * calls `race` with how long to go on:
 *
 *   index.html?model=/model/stories/&only=onnx     // a folder; only: one engine instead of both
 *
 * An engine is what ours.js and onnx.js make: reset(), and forward(ids), which takes new ids only
 * and returns the logits (V) of what follows, or a promise of them.
 */
const WARM_UP = 1;  // seconds of generating before anything is timed: browsers compile in two steps
const TURN = 0.3;  // seconds of generating, at least, in one turn of one engine

async function load() {
  const query = new URLSearchParams(location.search), folder = query.get("model");
  const model = await (await fetch(`${folder}model.json`)).json();
  model.weightsFile = await (await fetch(`${folder}weights.bin`)).arrayBuffer();
  model.onnxFile = await (await fetch(`${folder}model.onnx`)).arrayBuffer();
  const names = query.has("only") ? [query.get("only")] : ["ours", "onnx"];
  const engines = {};
  for (const name of names) engines[name] = await (await import(`./${name}.js`)).make(model);
  return { model, engines };
}

function argmax(logits) {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  return best;
}

/**
 * Generate the most likely token until the context is full. The prompt is read before time counts.
 * @returns {Promise<{ids: number[], logits: Float32Array[], tokens: number, seconds: number}>} of
 *   all tokens the ids, of the first `nChecked` new ones the logits they were chosen from
 */
async function generate(engine, { prompt, settings }, nChecked = 0) {
  engine.reset();
  let logits = await engine.forward(prompt);
  const ids = [...prompt], checked = [], start = performance.now();
  for (;;) {
    if (checked.length < nChecked) checked.push(logits.slice());
    ids.push(argmax(logits));
    if (ids.length >= settings.n_ctx) break;
    logits = await engine.forward(ids.slice(-1));
  }
  const seconds = (performance.now() - start) / 1000;
  return { ids, logits: checked, tokens: ids.length - prompt.length - 1, seconds };
}

/** Generate again and again for so many seconds. @returns {Promise<number>} tokens a second */
async function turn(engine, model, length) {
  let tokens = 0, seconds = 0;
  while (seconds < length) {
    const result = await generate(engine, model);
    tokens += result.tokens;
    seconds += result.seconds;
  }
  return tokens / seconds;
}

/**
 * @param {number} rounds at most, in each of which each engine has one turn
 * @param {number} seconds after which no further round begins
 * @param {number} nChecked how many tokens the caller wants to check
 * @returns {Promise<Object<string, {ids: number[], logits: number[][], rates: number[]}>>}
 */
window.race = async (rounds, seconds, nChecked) => {
  const { model, engines } = await load(), results = {}, start = performance.now();
  for (const [name, engine] of Object.entries(engines)) {
    const { ids, logits } = await generate(engine, model, nChecked);
    results[name] = { ids, logits: logits.map((row) => [...row]), rates: [] };
    await turn(engine, model, WARM_UP);
  }
  for (let i = 0; i < rounds && performance.now() - start < 1000 * seconds; i++) {
    for (const [name, engine] of Object.entries(engines)) {
      results[name].rates.push(await turn(engine, model, TURN));
    }
  }
  return results;
};
