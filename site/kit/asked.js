/**
 * A worker that answers calls (engine/serve.js says how), started when it is first needed and ended
 * when it takes too long.
 *
 *   const engine = new Asked(new URL("../engine/worker.js", import.meta.url));
 *   await engine.ask("look", { model, ids })
 */

/** A worker did not answer in time, and was ended. */
export class TooLong extends Error {
  message = "It did not answer in time.";
}

export class Asked {
  /** @param {URL} address of a module */
  constructor(address) {
    this.address = address;
    this.waiting = new Map();  // id of a call -> what to do with its answer
  }

  /**
   * A worker that was started from its own address would have no content security policy: that of
   * a <meta> is the page's alone. One that is started from a blob inherits it. It imports the rest,
   * which takes over its onmessage.
   */
  start() {
    this.blob ??= URL.createObjectURL(new Blob([
      `onmessage = (first) => import(${JSON.stringify(this.address)}).then(() => onmessage(first),
         (error) => setTimeout(() => { throw error; }));`], { type: "text/javascript" }));
    this.worker = new Worker(this.blob, { type: "module" });
    this.worker.onerror = () => this.end(new Error("The engine cannot be started."));
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.port.onmessage = ({ data }) => this.answered(data);
    this.worker.postMessage(null, [port2]);
  }

  /** Only answers to calls count: an id that nobody waits for is ignored. */
  answered({ id, part, result, error }) {
    const call = this.waiting.get(id);
    if (!call) return;
    call.hurry();
    if (part) {
      call.onPart(part);
      return;
    }
    this.waiting.delete(id);
    call.rest();
    if (error === undefined) call.resolve(result);
    else call.reject(new Error(error));
  }

  /**
   * Call the worker.
   * @param {string} call @param {object} given
   * @param {object} [how]
   * @param {(part: any) => void} [how.onPart] called with the parts that come before the end
   * @param {number} [how.limit] milliseconds without a sign of life after which the worker is ended
   * @throws {TooLong}
   */
  ask(call, given, { onPart = () => {}, limit = Infinity } = {}) {
    if (!this.worker) this.start();
    return new Promise((resolve, reject) => {
      let alarm = null;
      const rest = () => clearTimeout(alarm);
      const hurry = () => {
        rest();
        if (limit < Infinity) alarm = setTimeout(() => this.end(new TooLong()), limit);
      };
      const id = crypto.getRandomValues(new Uint32Array(4)).join("-");  // cannot be guessed
      this.waiting.set(id, { resolve, reject, onPart, hurry, rest });
      hurry();
      this.port.postMessage({ id, call, given });
    });
  }

  /** End the worker, whatever it does; the next call starts another. */
  end(reason) {
    this.worker?.terminate();
    this.port?.close();
    this.worker = null;
    for (const { reject, rest } of this.waiting.values()) {
      rest();
      reject(reason);
    }
    this.waiting.clear();
  }
}
