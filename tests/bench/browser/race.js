/**
 * Two engines write on in turns, and are timed. browser.py opens the page with two parameters, and
 * calls `race` with how long to go on:
 *
 *   index.html?model=/model/stories/&only=onnx     // a folder; only: one engine instead of both
 *
 * An engine is what ours.js and onnx.js make: forget(), and forward(ids), which takes new ids only
 * and returns the logits (V) of what follows, or a promise of them.
 */
const WARM_UP = 1;  // seconds of writing before anything is timed: browsers compile in two steps
const TURN = 0.3;  // seconds of writing, at least, in one turn of one engine

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

function likeliest(logits) {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  return best;
}

/**
 * Write the likeliest token until the context is full. The prompt is read before time counts.
 * @returns {Promise<{ids: number[], logits: Float32Array[], tokens: number, seconds: number}>} of
 *   all tokens the ids, of the first `keep` new ones the logits they were chosen from
 */
async function write(engine, { prompt, settings }, keep = 0) {
  engine.forget();
  let logits = await engine.forward(prompt);
  const ids = [...prompt], kept = [], start = performance.now();
  for (;;) {
    if (kept.length < keep) kept.push(logits.slice());
    ids.push(likeliest(logits));
    if (ids.length >= settings.n_ctx) break;
    logits = await engine.forward(ids.slice(-1));
  }
  const seconds = (performance.now() - start) / 1000;
  return { ids, logits: kept, tokens: ids.length - prompt.length - 1, seconds };
}

/** Write again and again for so many seconds. @returns {Promise<number>} tokens a second */
async function turn(engine, model, length) {
  let tokens = 0, seconds = 0;
  while (seconds < length) {
    const written = await write(engine, model);
    tokens += written.tokens;
    seconds += written.seconds;
  }
  return tokens / seconds;
}

/**
 * @param {number} rounds at most, in each of which each engine has one turn
 * @param {number} seconds after which no further round begins
 * @param {number} keep how many tokens the caller wants to check
 * @returns {Promise<Object<string, {ids: number[], logits: number[][], rates: number[]}>>}
 */
window.race = async (rounds, seconds, keep) => {
  const { model, engines } = await load(), results = {}, start = performance.now();
  for (const [name, engine] of Object.entries(engines)) {
    const { ids, logits } = await write(engine, model, keep);
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
