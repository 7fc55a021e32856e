/**
 * Calls a worker (see engine/serve.js), which is started at the first call or before it, and ended when it
 * takes too long.
 *
 *   const engine = new WorkerClient(new URL("../engine/worker.js", import.meta.url));
 *   await engine.call("forward", { model, ids })
 */

/** A worker did not answer in time, and was ended. */
export class WorkerTimeout extends Error {
  message = "It did not answer in time.";
}

/**
 * What the blob runs. In Firefox, it loads a module after all that it imports: Firefox takes an import of a worker's
 * module for another worker, which the policy forbids, unless it is there already. Elsewhere that would ask for
 * everything twice, and is done only to find out what is missing.
 */
function begin(entry) {
  const modules = new Map(); // address -> promise
  const load = (url) => modules.get(url) ?? modules.set(url, loadAfterImports(url)).get(url);

  async function loadAfterImports(url) {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${new URL(url).pathname} is missing (${answer.status}).`);
    const source = await answer.text();
    const imports = source.matchAll(/^(?:import|export)\s[^;"]*?from "(\.[^"]+)"/gm);
    await Promise.all(Array.from(imports, ([, path]) => load(new URL(path, url).href)));
    return import(url);
  }

  const isFirefox = navigator.userAgent.includes("Firefox");
  const loaded = isFirefox ? load(entry) : import(entry).catch(() => load(entry));
  onmessage = (first) =>
    loaded.then(
      () => self.onmessage(first),
      (error) => first.ports[0].postMessage({ failure: `The engine cannot be started. ${error.message}` }),
    );
}

export class WorkerClient {
  /** @param {URL} url of a module */
  constructor(url) {
    this.url = url;
    this.blob = null; // the address of what it runs
    this.pending = new Map(); // id of a call -> what to do with its messages
  }

  /**
   * Start the worker, unless it runs. One that was started from its own address would have no content
   * security policy: that of a <meta> is the page's alone. One that is started from a blob inherits it. It
   * imports the rest, which takes over its onmessage.
   */
  start() {
    if (this.worker) return;
    this.blob ??= URL.createObjectURL(
      new Blob([`(${begin})(${JSON.stringify(this.url)})`], { type: "text/javascript" }),
    );
    this.worker = new Worker(this.blob, { type: "module" });
    this.worker.onerror = () => this.end(new Error("The engine cannot be started."));
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.port.onmessage = ({ data }) => this.receive(data);
    this.worker.postMessage(null, [port2]);
  }

  /** Only messages that belong to a pending call count: any other id is ignored. */
  receive({ id, progress, result, error, failure }) {
    if (failure) {
      this.end(new Error(failure));
      return;
    }
    const call = this.pending.get(id);
    if (!call) return;
    call.restartTimer();
    if (progress !== undefined) {
      call.onProgress(progress);
      return;
    }
    this.pending.delete(id);
    call.stopWaiting();
    if (error === undefined) call.resolve(result);
    else call.reject(new Error(error));
  }

  /**
   * Call a method of the worker.
   * @param {string} method @param {object} params
   * @param {object} [options]
   * @param {(progress: any) => void} [options.onProgress] called with each message before the result
   * @param {number} [options.timeout] milliseconds without a message after which the worker is ended
   * @param {AbortSignal} [options.signal] cancels the call: it fails, and the worker turns to the next
   * @throws {WorkerTimeout}
   */
  call(method, params, { onProgress = () => {}, timeout = Infinity, signal } = {}) {
    if (signal?.aborted) return Promise.reject(signal.reason);
    this.start();
    return new Promise((resolve, reject) => {
      let timer = null;
      const id = crypto.getRandomValues(new Uint32Array(4)).join("-"); // cannot be guessed
      const cancel = () => this.cancel(id, signal.reason);
      const stopWaiting = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", cancel); // a signal may outlive thousands of calls
      };
      const restartTimer = () => {
        clearTimeout(timer);
        if (timeout < Infinity) timer = setTimeout(() => this.end(new WorkerTimeout()), timeout);
      };
      this.pending.set(id, { resolve, reject, onProgress, restartTimer, stopWaiting });
      signal?.addEventListener("abort", cancel, { once: true });
      try {
        this.port.postMessage({ id, method, params });
      } catch (error) {
        // something in them cannot be sent
        this.pending.delete(id);
        stopWaiting();
        throw error;
      }
      restartTimer();
    });
  }

  /** Nobody waits for a call any more. */
  cancel(id, reason) {
    const call = this.pending.get(id);
    if (!call) return;
    this.pending.delete(id);
    call.stopWaiting();
    call.reject(reason);
    this.port.postMessage({ cancel: id });
  }

  /** End the worker, whatever it does; the next call starts another. */
  end(reason) {
    this.worker?.terminate();
    this.port?.close();
    this.worker = null;
    for (const { reject, stopWaiting } of this.pending.values()) {
      stopWaiting();
      reject(reason);
    }
    this.pending.clear();
  }
}
