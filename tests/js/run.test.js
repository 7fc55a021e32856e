/** site/app/run.js: exported runs are fetched and verified; what is wrong is said in a sentence. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { beforeEach, test } from "node:test";
import { Run, UserError, listRuns, openRun, stepFile } from "../../site/app/run.js";
import { EXPORTED, bytesOf, contentOf } from "./shipped.js";

const EXPORT = "python export_for_web.py";
const EXPORT_STORIES = `${EXPORT} runs/stories`;
const SERVE = `${EXPORT} --serve`;

/** What is served in place of shipped files: path -> bytes, or a status, or "offline". */
let served = {};

/** What was fetched, in order. */
let fetched = [];

/** The site, in memory and on disk. */
globalThis.fetch = async (url, options) => {
  const path = url.href.slice(EXPORTED.href.length);
  fetched.push({ path, options });
  const answer = served[path] ?? shippedOr404(path);
  if (answer === "offline") throw new TypeError("Failed to fetch");
  if (typeof answer === "number") return new Response("", { status: answer });
  return new Response(answer);
};

function shippedOr404(path) {
  try {
    return bytesOf(path);
  } catch {
    return 404;
  }
}

beforeEach(() => {
  served = {};
  fetched = [];
});

/** The error that a promise is rejected with. */
const errorOf = (promise) =>
  promise.then(
    () => assert.fail("it was not rejected"),
    (error) => error,
  );

/** Check the sentence and the command that somebody gets. */
async function assertError(promise, message, command) {
  const error = await errorOf(promise);
  assert.ok(error instanceof UserError, String(error));
  assert.deepEqual({ message: error.message, command: error.command }, { message, command });
}

/** Serve a JSON file that has been changed. */
function serveChanged(path, change) {
  const content = contentOf(path);
  change(content);
  served[path] = JSON.stringify(content);
}

/** Serve other bytes for a file of the run, as if it had been exported like that. */
function serveExported(path, bytes) {
  served[`stories/${path}`] = bytes;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  serveChanged("stories/manifest.json", ({ files }) => {
    files[path] = { bytes: Buffer.byteLength(bytes), sha256 };
  });
}

/** The first half of a shipped file. */
const halfOf = (path) => bytesOf(path).subarray(0, bytesOf(path).length / 2);

// The list of runs -------------------------------------------------------------------------------

const NO_RUNS = "There is no run to show yet: train a model, then export it.";
const TRAIN = "python train.py && python export_for_web.py --serve";

const indexOf = (runs, format = 3) => JSON.stringify({ format, runs });

test("the runs to choose from have names and sizes", async () => {
  assert.deepEqual(
    (await listRuns()).map(({ name, parameters }) => [name, parameters]),
    [["stories", 820992]],
  );
});

test("without a list, or with an empty one, there is no run to show yet", async () => {
  for (const index of [404, indexOf([]), "{}", "[]", '{"runs": null}']) {
    served["index.json"] = index;
    await assertError(listRuns(), NO_RUNS, TRAIN);
  }
});

test("a list of another format is not read", async () => {
  served["index.json"] = indexOf([{ name: "stories", parameters: 1 }], 9);
  await assertError(
    listRuns(),
    "The list of runs was exported in format 9, but this page reads " +
      "format 3: export it again with the export_for_web.py that came with this page.",
    EXPORT,
  );
});

test("a list that is not JSON is damaged", async () => {
  for (const index of ["{", "", "5", "null", '"text"', halfOf("index.json")]) {
    served["index.json"] = index;
    await assertError(listRuns(), "The file for the list of runs is damaged: it is not JSON.", EXPORT);
  }
});

test("an error of the server is not taken for an empty list", async () => {
  served["index.json"] = 500;
  await assertError(listRuns(), "The list of runs cannot be sent by the server (500).", EXPORT);
});

test("without a server, the list cannot be reached", async () => {
  served["index.json"] = "offline";
  await assertError(listRuns(), "The list of runs cannot be reached: is the server still running?", SERVE);
});

test("the run that was exported last comes first, and else stories, and else the first in the list", async () => {
  const runs = ["ant", "bee", "stories"].map((name) => ({ name, parameters: 1 }));
  const firstOf = async (index) => {
    served["index.json"] = JSON.stringify({ format: 3, ...index });
    return (await listRuns()).map(({ name }) => name).join();
  };
  assert.equal(await firstOf({ runs, latest: "bee" }), "bee,ant,stories");
  assert.equal(await firstOf({ runs }), "stories,ant,bee");
  assert.equal(await firstOf({ runs, latest: "gone" }), "stories,ant,bee");
  assert.equal(await firstOf({ runs: runs.slice(0, 2), latest: 5 }), "ant,bee");
});

test("entries of the list that are no runs are left out", async () => {
  const right = { name: "stories", parameters: 5 };
  served["index.json"] = indexOf([
    null,
    5,
    "x",
    {},
    { name: 1, parameters: 1 },
    right,
    { name: "x" },
    { name: "x", parameters: "1" },
  ]);
  assert.deepEqual(await listRuns(), [right]);
});

// Opening a run ----------------------------------------------------------------------------------

test("an opened run has its name, its manifest and its vocabulary", async () => {
  const run = await openRun("stories");
  assert.ok(run instanceof Run);
  assert.equal(run.name, "stories");
  assert.equal(run.manifest.settings.n_layer, 3);
  assert.equal(run.vocab[0], "<|endoftext|>");
  assert.equal(run.url.href, `${EXPORTED.href}stories/`);
});

test("a run is asked for anew, even where a browser has it in its cache", async () => {
  await openRun("stories");
  assert.deepEqual(fetched, [{ path: "stories/manifest.json", options: { cache: "no-cache" } }]);
});

test("a run that was renamed has the name of its folder", async () => {
  served["novel/manifest.json"] = bytesOf("stories/manifest.json");
  const run = await openRun("novel");
  assert.equal(run.name, "novel");
  assert.equal(run.manifest.name, "novel");
});

test("a run that was not exported is missing", async () => {
  await assertError(openRun("nobody"), "The run nobody is missing (404).", `${EXPORT} runs/nobody`);
});

test("a name that leads out of the folder is missing, and nothing is fetched", async () => {
  for (const name of ["", ".", ".."]) {
    await assertError(openRun(name), `The run ${name} is missing.`, EXPORT);
  }
  assert.deepEqual(fetched, []);
});

test("a name of more dots is a name like any other", async () => {
  await assertError(openRun("..."), "The run ... is missing (404).", EXPORT);
});

test("a name with signs of an address is one folder, which is not there", async () => {
  for (const name of ["../x", "a/b", "//example.org", "a?b#c", "https://example.org/", "%2e%2e"]) {
    await assertError(openRun(name), `The run ${name} is missing (404).`, EXPORT);
  }
  assert.deepEqual(
    fetched.map(({ path }) => path.split("/").length),
    Array(6).fill(2),
  );
  assert.equal(fetched[0].path, "..%2Fx/manifest.json");
});

test("control characters in the name of a run are visible, and long names are cut", async () => {
  await assertError(openRun("x\u202ey"), "The run x\\u{202e}y is missing (404).", EXPORT);
  const long = "x".repeat(200);
  await assertError(openRun(long), `The run ${"x".repeat(80)}… is missing (404).`, `${EXPORT} runs/${long}`);
});

test("a run cannot be reached while the server does not run", async () => {
  served["stories/manifest.json"] = "offline";
  await assertError(
    openRun("stories"),
    "The run stories cannot be reached: is the server still running?",
    SERVE,
  );
});

test("a manifest that is not JSON is damaged", async () => {
  for (const manifest of [halfOf("stories/manifest.json"), "", "5", "null"]) {
    served["stories/manifest.json"] = manifest;
    await assertError(
      openRun("stories"),
      "The file for the run stories is damaged: it is not JSON.",
      EXPORT_STORIES,
    );
  }
});

test("a manifest of another format is not read, even if it is wrong in other ways", async () => {
  const manifests = { '{"format": 1}': "1", '{"format": "3"}': "3", "[]": "undefined", "{}": "undefined" };
  for (const [manifest, format] of Object.entries(manifests)) {
    served["stories/manifest.json"] = manifest;
    await assertError(
      openRun("stories"),
      `The run stories was exported in format ${format}, but ` +
        "this page reads format 3: export it again with the export_for_web.py that came with this " +
        "page.",
      EXPORT,
    );
  }
});

test("a manifest with a wrong part is damaged", async () => {
  serveChanged("stories/manifest.json", (manifest) => {
    manifest.settings.n_head = 3;
  });
  await assertError(
    openRun("stories"),
    "manifest.json of the run stories is damaged, or belongs to another export.",
    EXPORT_STORIES,
  );
});

// Files of a run ---------------------------------------------------------------------------------

test("a part, a sample and logits are the content of their files", async () => {
  const run = await openRun("stories");
  assert.deepEqual(await run.part("heads"), contentOf("stories/heads.json"));
  assert.deepEqual(await run.sample(100, 1), contentOf("stories/steps/000100-1.json"));
  assert.deepEqual(await run.logits(300), contentOf("stories/logits/000300.json"));
});

test("the file of a step is named with six digits, or more", () => {
  assert.deepEqual([0, 100, 999999, 1234567].map(stepFile), [
    "000000.json",
    "000100.json",
    "999999.json",
    "1234567.json",
  ]);
});

test("each file is fetched once, however often it is asked for", async () => {
  const run = await openRun("stories");
  const both = await Promise.all([run.part("log"), run.part("log")]);
  assert.equal(both[0], both[1]);
  assert.equal(await run.part("log"), both[0]);
  assert.deepEqual(
    fetched.map(({ path }) => path),
    ["stories/manifest.json", "stories/log.json"],
  );
  assert.deepEqual(fetched[1].options, { cache: "no-cache" });
});

test("a file that could not be fetched may be tried again", async () => {
  const run = await openRun("stories");
  served["stories/log.json"] = "offline";
  await assertError(
    run.part("log"),
    "log.json of the run stories cannot be reached: is the server still running?",
    SERVE,
  );
  delete served["stories/log.json"];
  assert.deepEqual(await run.part("log"), contentOf("stories/log.json"));
});

test("a file that is not on the server is missing", async () => {
  const run = await openRun("stories");
  served["stories/log.json"] = 404;
  await assertError(run.part("log"), "log.json of the run stories is missing (404).", EXPORT_STORIES);
});

test("a file that was cut, or in which one number was changed, is damaged", async () => {
  const changed = bytesOf("stories/log.json");
  changed[100] ^= 1;
  const run = await openRun("stories");
  for (const bytes of [halfOf("stories/log.json"), changed, "{}", ""]) {
    served["stories/log.json"] = bytes;
    await assertError(
      run.part("log"),
      "log.json of the run stories is damaged, or belongs to another export.",
      EXPORT_STORIES,
    );
  }
});

test("a sample that belongs to another step is damaged", async () => {
  const run = await openRun("stories");
  served["stories/steps/000100-0.json"] = bytesOf("stories/steps/000200-0.json");
  await assertError(
    run.sample(100, 0),
    "steps/000100-0.json of the run stories is damaged, or belongs " + "to another export.",
    EXPORT_STORIES,
  );
});

test("a file of the right size with a wrong hash is damaged, and the other way round", async () => {
  const bytes = bytesOf("stories/log.json");
  for (const wrong of [{ sha256: "0".repeat(64) }, { bytes: bytes.length + 1 }]) {
    serveChanged("stories/manifest.json", ({ files }) => Object.assign(files["log.json"], wrong));
    const run = await openRun("stories");
    await assertError(
      run.part("log"),
      "log.json of the run stories is damaged, or belongs to another export.",
      EXPORT_STORIES,
    );
  }
});

test("where a browser computes no hashes, the size has to do", async (t) => {
  const changed = bytesOf("stories/log.json");
  const digit = changed.findIndex((byte) => byte === "1".charCodeAt());
  changed[digit] = "2".charCodeAt();
  served["stories/log.json"] = changed;
  t.mock.getter(globalThis, "crypto", () => ({}));
  const run = await openRun("stories");
  assert.deepEqual(await run.part("log"), JSON.parse(changed));
  served["stories/heads.json"] = halfOf("stories/heads.json");
  assert.match((await errorOf(run.part("heads"))).message, /is damaged/);
});

test("a file that was exported and is not JSON is damaged", async () => {
  for (const bytes of ["{", "5", "null"]) {
    serveExported("log.json", bytes);
    const run = await openRun("stories");
    await assertError(
      run.part("log"),
      "log.json of the run stories is damaged, or belongs to another export.",
      EXPORT_STORIES,
    );
  }
});

test("a file that the manifest does not name was not exported, and is not fetched", async () => {
  const run = await openRun("stories");
  await assertError(
    run.sample(99, 0),
    "steps/000099-0.json of the run stories was not exported.",
    EXPORT_STORIES,
  );
  await assertError(run.part("nothing"), "nothing.json of the run stories was not exported.", EXPORT_STORIES);
  assert.equal(fetched.length, 1);
});

test("a part that was left out says why, and is not fetched", async () => {
  serveChanged("stories/manifest.json", ({ missing }) => {
    missing.log = "log.jsonl was not there.";
  });
  const run = await openRun("stories");
  await assertError(run.part("log"), "log.jsonl was not there.", EXPORT_STORIES);
  assert.equal(fetched.length, 1);
});

// Commands ---------------------------------------------------------------------------------------

/** The command that a run names whose manifest says that it is from this folder. */
async function commandFrom(folder) {
  serveChanged("stories/manifest.json", (manifest) => {
    manifest.folder = folder;
  });
  return (await openRun("stories")).command;
}

test("the command names the folder that a run was exported from", async () => {
  assert.equal(await commandFrom("/data/novel"), `${EXPORT} /data/novel`);
  assert.equal(await commandFrom("my runs/novel"), `${EXPORT} "my runs/novel"`);
});

test("a folder that cannot be quoted is not in the command", async () => {
  for (const folder of [null, 5, "$(id)", "--out=x"]) {
    assert.equal(await commandFrom(folder), EXPORT_STORIES);
  }
});

test("an error names the command with the folder of the run", async () => {
  serveChanged("stories/manifest.json", (manifest) => {
    manifest.folder = "/data/novel";
  });
  const run = await openRun("stories");
  served["stories/log.json"] = 404;
  assert.equal((await errorOf(run.part("log"))).command, `${EXPORT} /data/novel`);
  assert.equal(run.damaged("weights/000000.bin").command, `${EXPORT} /data/novel`);
  assert.equal(
    run.damaged("weights/000000.bin").message,
    "weights/000000.bin of the run stories is damaged, or belongs to another export.",
  );
});

test("an error without a command of its own names the one that exports the newest run", () => {
  assert.equal(new UserError("Something is wrong.").command, EXPORT);
  assert.equal(new UserError("Something is wrong.", "python train.py").command, "python train.py");
});

const answerWith = (answer) => {
  globalThis.fetch = async () => answer;
};
test("a connection that is lost while a file comes is one that cannot be reached", async () => {
  answerWith({
    ok: true,
    arrayBuffer: async () => {
      throw new TypeError("network error");
    },
  });
  const error = await errorOf(openRun("stories"));
  assert.ok(error instanceof UserError, String(error));
  assert.match(error.message, /cannot be reached/);
});

test("a list of runs that is no list has no run to show", async () => {
  for (const runs of ["abc", { length: 1 }, [null]]) {
    answerWith(new Response(JSON.stringify({ format: 3, runs })));
    const error = await errorOf(listRuns());
    assert.ok(error instanceof UserError, String(error));
    assert.match(error.message, /There is no run to show yet/);
  }
});

test("a format of a stranger is shown shortened, and without control characters", async () => {
  for (const format of [{ toString: 1 }, `\u202e${"x".repeat(300)}`]) {
    answerWith(new Response(JSON.stringify({ format })));
    const error = await errorOf(openRun("stories"));
    assert.ok(error instanceof UserError, String(error));
    assert.ok(error.message.length < 300 && !error.message.includes("\u202e"));
  }
});
