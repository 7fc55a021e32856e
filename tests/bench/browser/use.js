/**
 * Somebody who talks to the model: long_use.py puts this script into playground.html. It goes from step to step
 * and from run to run, writes with other seeds, takes other tokens, reads a text; and tells the server what the
 * page holds, once a minute.
 */
const PAUSE = 1500; // milliseconds in which somebody looks at what there is
const TEXT = "Tom had a red ball. He gave it to his friend. ".repeat(40);

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const find = (tag) => document.querySelector(tag);

async function until(isSo) {
  while (!isSo()) await wait(20);
}

/** (run, step) of all that there is, run by run. */
async function places() {
  const { openRun } = await import("/app/run.js");
  const found = [];
  for (const { name } of find("terra-page").page.state.runs) {
    for (const { step } of (await openRun(name)).manifest.snapshots) found.push({ run: name, step });
  }
  return found;
}

async function goTo(choices) {
  location.hash = new URLSearchParams(choices);
  await wait(100);
  const { writing } = find("live-text");
  await until(() => !writing.state.isWriting && writing.state.tokens.length);
}

async function use(place, seed) {
  await goTo({ ...place, seed });
  await goTo({ ...place, seed, branch: "3t5", temperature: 1.2 });
  const field = find("text-score").renderRoot.querySelector("textarea");
  if (field && seed % 7 === 0) {
    field.value = TEXT;
    field.dispatchEvent(new Event("input"));
  }
  scrollBy(0, seed % 2 ? 400 : -300);
  await wait(PAUSE);
}

/** Ask how much the page and its worker hold after a collection of garbage, and tell the server. */
async function report(name) {
  const { bytes } = await performance.measureUserAgentSpecificMemory();
  await fetch(`/held/${name}/${bytes}`);
}

await until(() => find("live-text")?.writing?.state.tokens.length);
const all = await places();
const start = performance.now();
let seed = 1;
for (const place of all) await use(place, seed++);
await report("first");
let last = performance.now();
while (performance.now() - start < 60_000 * Number(new URLSearchParams(location.search).get("minutes"))) {
  await use(all[seed % all.length], seed++);
  if (performance.now() - last < 60_000) continue;
  last = performance.now();
  await report("later");
}
await report("end");
