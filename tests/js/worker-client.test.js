/**
 * site/app/worker-client.js together with site/engine/serve.js: how a page calls a worker. The
 * worker is a fake, which runs here; its messages are real, and go through a MessageChannel.
 */
import assert from "node:assert/strict";
import { resolveObjectURL } from "node:buffer";
import { getEventListeners, on, once } from "node:events";
import { readFileSync } from "node:fs";
import { beforeEach, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { WorkerClient, WorkerTimeout } from "../../site/app/worker-client.js";
import { serve } from "../../site/engine/serve.js";

const URL_OF_MODULE = new URL("https://example.org/engine/worker.js");

/** What the next worker serves. */
let methods = {};

/** The workers that were started, in order. */
let workers = [];

/** A worker as a page sees it. */
class FakeWorker {
  isTerminated = false;

  constructor(url, options) {
    Object.assign(this, { url, options });
    workers.push(this);
    serve(methods);
    this.receive = globalThis.onmessage;
  }

  postMessage(data, ports) {
    this.port = ports[0];
    this.receive({ data, ports });
  }

  terminate() {
    this.isTerminated = true;
  }
}

globalThis.self = globalThis; // a worker has it,
globalThis.onmessage = null; // and this, in which serve.js waits for its port
globalThis.Worker = FakeWorker;

beforeEach(() => {
  workers = [];
});

/** A client whose workers serve these; at the end of a test nothing of it keeps node running. */
function clientOf(t, served, url = URL_OF_MODULE) {
  methods = served;
  const client = new WorkerClient(url);
  t.after(() => client.end(new Error("The test is over.")));
  return client;
}

/** A method that waits until it is released, and a promise that it has begun. */
function gate() {
  const begun = Promise.withResolvers();
  const released = Promise.withResolvers();
  const wait = async () => {
    begun.resolve();
    await released.promise;
    return { isDone: true };
  };
  return { wait, hasBegun: begun.promise, release: () => released.resolve() };
}

/** A promise that a worker has got the message that cancels a call. */
const cancelArrives = ({ port }) =>
  new Promise((resolve) => port.on("message", (data) => "cancel" in data && resolve()));

/** The error that a promise is rejected with. */
const errorOf = (promise) =>
  promise.then(
    () => assert.fail("it was not rejected"),
    (error) => error,
  );

// Results and errors -----------------------------------------------------------------------------

test("a call resolves to what the method returns", async (t) => {
  const client = clientOf(t, { double: async ({ n }) => ({ n: 2 * n }) });
  assert.deepEqual(await client.call("double", { n: 21 }), { n: 42 });
});

test("a result is transferred with its buffers, not copied", async (t) => {
  const numbers = Float32Array.of(1, 2, 3);
  const client = clientOf(t, { numbers: async () => ({ numbers, name: "three" }) });
  assert.deepEqual(await client.call("numbers", {}), { numbers: Float32Array.of(1, 2, 3), name: "three" });
  assert.equal(numbers.length, 0, "the worker has nothing of it any more");
});

test("an error of a method is that of its call, with the same sentence", async (t) => {
  const client = clientOf(t, {
    fail: async () => {
      throw new RangeError("There is no layer 9.");
    },
  });
  const error = await errorOf(client.call("fail", {}));
  assert.ok(error instanceof Error);
  assert.equal(error.message, "There is no layer 9.");
});

test("a call of a method that does not exist is an error", async (t) => {
  const client = clientOf(t, {});
  assert.match((await errorOf(client.call("nobody", {}))).message, /not a function/);
});

test("after an error, the next call is answered", async (t) => {
  const client = clientOf(t, {
    fail: async () => {
      throw new Error("no");
    },
    answer: async () => ({ n: 1 }),
  });
  const calls = [client.call("fail", {}), client.call("answer", {})];
  assert.deepEqual(
    (await Promise.allSettled(calls)).map(({ status }) => status),
    ["rejected", "fulfilled"],
  );
  assert.equal(workers.length, 1);
});

test("progress comes before the result, in order, to its own call only", async (t) => {
  const client = clientOf(t, {
    write: async ({ tokens }, { onProgress }) => {
      for (const token of tokens) onProgress([token]);
      return { n: tokens.length };
    },
  });
  const log = [];
  const call = (tokens) =>
    client
      .call("write", { tokens }, { onProgress: (progress) => log.push(...progress) })
      .then(({ n }) => log.push(n));
  await Promise.all([call(["a", "b"]), call(["c"])]);
  assert.deepEqual(log, ["a", "b", 2, "c", 1]);
});

test("a call that does not ask for progress has its result in the end", async (t) => {
  const client = clientOf(t, {
    write: async (params, { onProgress }) => {
      onProgress(["a"]);
      return { n: 1 };
    },
  });
  assert.deepEqual(await client.call("write", {}), { n: 1 });
});

test("calls take turns, in the order in which they were made", async (t) => {
  const log = [];
  const client = clientOf(t, {
    work: async ({ name }) => {
      log.push(`${name} begins`);
      await nextTurn();
      log.push(`${name} ends`);
      return { name };
    },
  });
  const results = await Promise.all(["a", "b", "c"].map((name) => client.call("work", { name })));
  assert.deepEqual(results, [{ name: "a" }, { name: "b" }, { name: "c" }]);
  assert.deepEqual(log, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

// The worker -------------------------------------------------------------------------------------

test("a worker is started at the first call, and answers the others as well", async (t) => {
  const client = clientOf(t, { answer: async () => ({}) });
  assert.equal(workers.length, 0);
  await client.call("answer", {});
  await client.call("answer", {});
  assert.equal(workers.length, 1);
  assert.deepEqual(workers[0].options, { type: "module" });
});

test("each client has a worker of its own", async (t) => {
  const first = clientOf(t, { name: async () => ({ name: "first" }) });
  assert.deepEqual(await first.call("name", {}), { name: "first" });
  const second = clientOf(t, { name: async () => ({ name: "second" }) });
  assert.deepEqual(await second.call("name", {}), { name: "second" });
  assert.deepEqual(await first.call("name", {}), { name: "first" });
});

test("a worker takes its port once: no later message brings another", async (t) => {
  const client = clientOf(t, { answer: async () => ({}) });
  await client.call("answer", {});
  assert.equal(globalThis.onmessage, null);
});

/** What a browser says of itself. */
function browse(t, userAgent) {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { userAgent }, configurable: true });
  t.after(() => before && Object.defineProperty(globalThis, "navigator", before));
}

/** Run what a worker starts with, here. */
async function importBlob(url) {
  const blob = resolveObjectURL(url);
  assert.equal(blob.type, "text/javascript");
  await import(`data:text/javascript,${encodeURIComponent(await blob.text())}`);
}

test("a worker starts from a blob, which imports its module and passes the port on", async (t) => {
  browse(t, "Chrome/150");
  const { mock } = t.mock.method(globalThis, "fetch");
  const code = "onmessage = (first) => { globalThis.first = first; }";
  const client = clientOf(t, {}, new URL(`data:text/javascript,${code}`));
  client.start();
  await importBlob(workers[0].url);
  await globalThis.onmessage("the message with the port");
  assert.equal(globalThis.first, "the message with the port");
  assert.equal(mock.callCount(), 0, "the browser itself fetches what a module imports");
});

test("in Firefox a worker fetches each module that its own one imports, directly or not, once", async (t) => {
  browse(t, "Firefox/150");
  const fetched = [];
  t.mock.method(globalThis, "fetch", async (url) => {
    fetched.push(url.split("/").at(-1));
    return new Response(readFileSync(new URL(url)));
  });
  const client = clientOf(t, {}, new URL("../../site/engine/worker.js", import.meta.url));
  client.start();
  await importBlob(workers[0].url);
  const { port1, port2 } = new MessageChannel();
  await globalThis.onmessage({ ports: [port2] });
  assert.equal(fetched[0], "worker.js");
  assert.ok(fetched.includes("gpt.js"), "worker.js imports fetch.js, and that imports gpt.js");
  assert.equal(new Set(fetched).size, fetched.length);
  port1.postMessage({ id: "1", method: "nobody" });
  assert.match((await once(port1, "message"))[0].error, /not a function/);
  port1.close();
});

test("a module that cannot be imported is an error of the worker", async (t) => {
  browse(t, "Chrome/150");
  const said = [];
  const url = new URL("data:text/javascript,throw new Error('It is broken.')");
  const client = clientOf(t, {}, url);
  client.start();
  await importBlob(workers[0].url);
  await globalThis.onmessage({ ports: [{ postMessage: (message) => said.push(message) }] });
  assert.match(said[0].failure, /It is broken\.$/);
  const error = errorOf(client.call("answer", {}));
  client.receive(said[0]);
  assert.match((await error).message, /It is broken\.$/);
});

test("a module that the server does not send is named", async (t) => {
  browse(t, "Chrome/150");
  const said = [];
  t.mock.method(globalThis, "fetch", async () => new Response("", { status: 403 }));
  const client = clientOf(t, {}, new URL("http://school.example/engine/worker.js"));
  client.start();
  await importBlob(workers[0].url);
  await globalThis.onmessage({ ports: [{ postMessage: (message) => said.push(message) }] });
  assert.match(said[0].failure, /engine\/worker\.js.*403/);
});

test("a worker that fails ends all calls, and the next call starts another", async (t) => {
  const client = clientOf(t, { wait: () => new Promise(() => {}), answer: async () => ({ n: 1 }) });
  const errors = [errorOf(client.call("wait", {})), errorOf(client.call("answer", {}))];
  workers[0].onerror();
  for (const error of errors) assert.equal((await error).message, "The engine cannot be started.");
  assert.equal(workers[0].isTerminated, true);
  assert.deepEqual(await client.call("answer", {}), { n: 1 });
  assert.equal(workers.length, 2);
  assert.equal(workers[0].url, workers[1].url, "both start from the same blob");
});

// Messages that nobody asked for -----------------------------------------------------------------

test("an answer whose id was not given is ignored", async (t) => {
  const { wait, hasBegun, release } = gate();
  const client = clientOf(t, { wait });
  const call = client.call("wait", {});
  await hasBegun;
  for (const id of [undefined, null, 0, 1, "1", "0-0-0-0"]) {
    client.receive({ id, result: "FORGED" });
  }
  client.receive({ id: "1", error: "FORGED" });
  release();
  assert.deepEqual(await call, { isDone: true });
});

test("progress whose id was not given is ignored", async (t) => {
  const { wait, release } = gate();
  const client = clientOf(t, { wait });
  const received = [];
  const call = client.call("wait", {}, { onProgress: (progress) => received.push(progress) });
  client.receive({ id: "1", progress: ["FORGED"] });
  release();
  await call;
  assert.deepEqual(received, []);
});

test("a second answer to the same call is ignored", async (t) => {
  const { wait, release } = gate();
  const client = clientOf(t, { wait });
  const received = [];
  const call = client.call("wait", {}, { onProgress: (progress) => received.push(progress) });
  const [id] = client.pending.keys();
  release();
  assert.deepEqual(await call, { isDone: true });
  client.receive({ id, progress: ["late"] });
  client.receive({ id, error: "late" });
  assert.deepEqual(received, []);
});

test("progress of a call that was ended is ignored", async (t) => {
  const client = clientOf(t, { wait: () => new Promise(() => {}) });
  const received = [];
  const call = client.call("wait", {}, { onProgress: (progress) => received.push(progress) });
  const [id] = client.pending.keys();
  client.end(new Error("It was stopped."));
  await errorOf(call);
  client.receive({ id, progress: ["late"] });
  assert.deepEqual(received, []);
});

test("the ids of calls are four random numbers, different for each call", async (t) => {
  const client = clientOf(t, { answer: async () => ({}) });
  const calls = Array.from({ length: 50 }, () => client.call("answer", {}));
  const ids = [...client.pending.keys()];
  await Promise.all(calls);
  assert.equal(new Set(ids).size, 50);
  for (const id of ids) assert.match(id, /^\d+-\d+-\d+-\d+$/);
  assert.ok(new Set(ids.map((id) => id.split("-").at(-1))).size > 45, "the last number is random");
});

// Cancelling -------------------------------------------------------------------------------------

test("a call with a signal that has been aborted fails, and starts no worker", async (t) => {
  const client = clientOf(t, { answer: async () => ({}) });
  const reason = new Error("It is not needed any more.");
  const call = client.call("answer", {}, { signal: AbortSignal.abort(reason) });
  assert.equal(await errorOf(call), reason);
  assert.equal(workers.length, 0);
});

test("a call that is cancelled while it waits never runs, and those around it do", async (t) => {
  const { wait, hasBegun, release } = gate();
  const ran = [];
  const client = clientOf(t, {
    wait,
    note: async ({ name }) => {
      ran.push(name);
      return { name };
    },
  });
  const controller = new AbortController();
  const first = client.call("wait", {});
  const { signal } = controller;
  const cancelled = errorOf(client.call("note", { name: "cancelled" }, { signal }));
  const last = client.call("note", { name: "last" });
  await hasBegun;
  const arrival = cancelArrives(workers[0]);
  controller.abort("enough");
  assert.equal(await cancelled, "enough");
  await arrival;
  release();
  assert.deepEqual(await first, { isDone: true });
  assert.deepEqual(await last, { name: "last" });
  assert.deepEqual(ran, ["last"]);
});

test("a call that is cancelled while it runs fails at once, and its method is told", async (t) => {
  const begun = Promise.withResolvers();
  const ended = Promise.withResolvers();
  const client = clientOf(t, {
    write: async (params, { isCancelled }) => {
      begun.resolve(isCancelled());
      while (!isCancelled()) await nextTurn();
      ended.resolve();
      return { text: "half of it" };
    },
    answer: async (params, { isCancelled }) => ({ isCancelled: isCancelled() }),
  });
  const controller = new AbortController();
  const call = errorOf(client.call("write", {}, { signal: controller.signal }));
  assert.equal(await begun.promise, false);
  controller.abort();
  assert.equal((await call).name, "AbortError");
  await ended.promise;
  assert.deepEqual(await client.call("answer", {}), { isCancelled: false });
});

test("what a cancelled call still sends reaches nobody", async (t) => {
  const { wait, hasBegun, release } = gate();
  const client = clientOf(t, {
    write: async (params, { onProgress }) => {
      await wait();
      onProgress(["too late"]);
      return {};
    },
    answer: async () => ({}),
  });
  const controller = new AbortController();
  const received = [];
  const options = { signal: controller.signal, onProgress: (one) => received.push(one) };
  const call = errorOf(client.call("write", {}, options));
  await hasBegun;
  controller.abort();
  await call;
  release();
  await client.call("answer", {});
  assert.deepEqual(received, []);
});

test("a worker answers each call once, and no message that cancels one", async (t) => {
  const { wait, hasBegun, release } = gate();
  const client = clientOf(t, { wait });
  const controller = new AbortController();
  const cancelled = errorOf(client.call("wait", {}, { signal: controller.signal }));
  const last = client.call("wait", {});
  const ids = [...client.pending.keys()];
  const answered = [];
  client.port.on("message", ({ id }) => answered.push(id));
  await hasBegun;
  controller.abort();
  await cancelled;
  release();
  await last;
  await client.call("wait", {});
  assert.deepEqual(answered.slice(0, -1), ids);
});

test("a worker forgets that a call was cancelled once its turn has passed", async () => {
  const { wait, release } = gate();
  serve({ wait });
  const { port1, port2 } = new MessageChannel();
  globalThis.onmessage({ ports: [port2] });
  const answers = on(port1, "message");
  const arrival = cancelArrives({ port: port2 });
  port1.postMessage({ id: "a", method: "wait" });
  port1.postMessage({ id: "b", method: "wait" });
  port1.postMessage({ cancel: "b" });
  await arrival;
  release();
  assert.deepEqual((await answers.next()).value[0], { id: "a", result: { isDone: true } });
  assert.deepEqual((await answers.next()).value[0], { id: "b", result: {} });
  port1.postMessage({ id: "b", method: "wait" });
  assert.deepEqual((await answers.next()).value[0], { id: "b", result: { isDone: true } });
  port1.close();
});

test("a signal that is aborted after the result changes nothing", async (t) => {
  const client = clientOf(t, { answer: async () => ({ n: 1 }) });
  const controller = new AbortController();
  assert.deepEqual(await client.call("answer", {}, { signal: controller.signal }), { n: 1 });
  const send = t.mock.method(client.port, "postMessage");
  controller.abort();
  assert.equal(send.mock.callCount(), 0);
  assert.deepEqual(await client.call("answer", {}), { n: 1 });
});

test("a signal holds on to no call that has been answered", async (t) => {
  const { signal } = new AbortController();
  const client = clientOf(t, { double: async ({ n }) => ({ n: 2 * n }) });
  for (let n = 0; n < 3; n++) await client.call("double", { n }, { signal });
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

test("a signal cancels only the calls that it was given to", async (t) => {
  const { wait, release } = gate();
  const client = clientOf(t, { wait });
  const controller = new AbortController();
  const cancelled = errorOf(client.call("wait", {}, { signal: controller.signal }));
  const other = client.call("wait", {}, { signal: new AbortController().signal });
  controller.abort("enough");
  release();
  assert.equal(await cancelled, "enough");
  assert.deepEqual(await other, { isDone: true });
});

// Time -------------------------------------------------------------------------------------------

test("a worker that takes too long is ended, and what is pending fails", async (t) => {
  const client = clientOf(t, { loop: () => new Promise(() => {}), answer: async () => ({}) });
  const slow = errorOf(client.call("loop", {}, { timeout: 1 }));
  const waiting = errorOf(client.call("answer", {}));
  for (const error of [await slow, await waiting]) {
    assert.ok(error instanceof WorkerTimeout);
    assert.equal(error.message, "It did not answer in time.");
  }
  assert.equal(workers[0].isTerminated, true);
});

test("after a worker was ended, the next call starts another, which answers", async (t) => {
  const { wait, release } = gate();
  const client = clientOf(t, { wait, answer: async () => ({ n: 1 }) });
  await errorOf(client.call("wait", {}, { timeout: 1 }));
  const call = client.call("answer", {});
  release();
  assert.deepEqual(await call, { n: 1 });
  assert.deepEqual(
    workers.map(({ isTerminated }) => isTerminated),
    [true, false],
  );
});

test("the timer of a call that ended with its worker does not end the next worker", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const client = clientOf(t, { wait: () => new Promise(() => {}), answer: async () => ({}) });
  const calls = [100, 150].map((timeout) => errorOf(client.call("wait", {}, { timeout })));
  t.mock.timers.tick(100);
  await Promise.all(calls);
  await client.call("answer", {});
  t.mock.timers.tick(1000);
  assert.deepEqual(
    workers.map(({ isTerminated }) => isTerminated),
    [true, false],
  );
});

test("a call without a timeout may take as long as it needs", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { wait, hasBegun, release } = gate();
  const client = clientOf(t, { wait });
  const call = client.call("wait", {});
  await hasBegun;
  t.mock.timers.tick(2 ** 31);
  release();
  assert.deepEqual(await call, { isDone: true });
});

test("each message restarts the timer", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { wait, hasBegun, release } = gate();
  const client = clientOf(t, {
    write: async (params, { onProgress }) => {
      onProgress(["a"]);
      return wait();
    },
  });
  const arrived = Promise.withResolvers();
  const call = client.call("write", {}, { timeout: 100, onProgress: arrived.resolve });
  t.mock.timers.tick(99);
  await arrived.promise;
  await hasBegun;
  t.mock.timers.tick(99);
  release();
  assert.deepEqual(await call, { isDone: true });
});

test("a worker is ended when the timer runs out after its last message", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const client = clientOf(t, {
    write: (params, { onProgress }) => {
      onProgress(["a"]);
      return new Promise(() => {});
    },
  });
  const arrived = Promise.withResolvers();
  const call = errorOf(client.call("write", {}, { timeout: 100, onProgress: arrived.resolve }));
  await arrived.promise;
  t.mock.timers.tick(99);
  assert.equal(workers[0].isTerminated, false);
  t.mock.timers.tick(1);
  assert.equal(workers[0].isTerminated, true);
  assert.ok((await call) instanceof WorkerTimeout);
});

test("the timer of a call stops when it is answered, fails or is cancelled", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const client = clientOf(t, {
    answer: async () => ({}),
    fail: async () => {
      throw new Error("no");
    },
  });
  const controller = new AbortController();
  const cancelled = errorOf(client.call("answer", {}, { timeout: 100, signal: controller.signal }));
  controller.abort("enough");
  await cancelled;
  await client.call("answer", {}, { timeout: 100 });
  await errorOf(client.call("fail", {}, { timeout: 100 }));
  t.mock.timers.tick(1000);
  assert.equal(workers[0].isTerminated, false);
});

test("the port to a worker that was ended is closed", async (t) => {
  const client = clientOf(t, { answer: async () => ({}) });
  await client.call("answer", {});
  const closed = once(workers[0].port, "close");
  client.end(new Error("It was stopped."));
  await closed;
  assert.equal(client.worker, null);
});

test("a client that is ended before its first call can be called", async (t) => {
  const client = clientOf(t, { answer: async () => ({ n: 1 }) });
  client.end(new Error("It is not needed."));
  assert.deepEqual(await client.call("answer", {}), { n: 1 });
});

test("whoever ends a worker gives the reason to all calls that wait", async (t) => {
  const client = clientOf(t, { wait: () => new Promise(() => {}) });
  const reason = new Error("It was stopped.");
  const calls = [client.call("wait", {}), client.call("wait", {})].map(errorOf);
  client.end(reason);
  assert.deepEqual(await Promise.all(calls), [reason, reason]);
  assert.equal(workers[0].isTerminated, true);
});

test(
  "a result that cannot be sent is an error of its own call, and not of the next",
  async (t) => {
    const client = clientOf(t, {
      nothing: async () => undefined,
      code: async () => ({ f: () => 1 }),
      fail: async () => {
        throw null;
      },
      answer: async () => ({ n: 1 }),
    });
    for (const name of ["nothing", "code", "fail"]) {
      const call = Promise.allSettled([client.call(name, {})]);
      assert.deepEqual(await client.call("answer", {}), { n: 1 });
      assert.equal((await call)[0].status, "rejected");
    }
  },
  { timeout: 1000 },
);

test("progress may be anything, 0 as well", async (t) => {
  const client = clientOf(t, {
    count: async (params, { onProgress }) => {
      onProgress(0);
      return { n: 5 };
    },
  });
  const received = [];
  const onProgress = (progress) => received.push(progress);
  assert.deepEqual(await client.call("count", {}, { onProgress }), { n: 5 });
  assert.deepEqual(received, [0]);
});
