/**
 * How a worker answers calls. The first message brings a port, through which all others come and go,
 * so that nothing else in the worker can answer in its name. Messages in: { id, method, params };
 * messages out: { id, result }, { id, error } and, while it works, { id, progress }.
 */

/**
 * @param {Object<string, (params: object, onProgress: (progress: object) => void) => Promise<object>>}
 *   methods by name; calls take turns, because they share memory
 * @param {string[]} [immediate] the names of methods that need not wait for their turn
 */
export function serve(methods, immediate = []) {
  let queue = Promise.resolve();
  onmessage = ({ ports: [port] }) => {
    onmessage = null;
    const send = port.postMessage.bind(port);
    port.onmessage = ({ data: { id, method, params } }) => {
      const turn = immediate.includes(method) ? Promise.resolve() : queue;
      const done = turn
        .then(() => methods[method]({ id, ...params }, (progress) => send({ id, progress })))
        .then(
          (result) => send({ id, result }, buffersOf(result)),
          (error) => send({ id, error: String(error.message) }),
        );
      if (!immediate.includes(method)) queue = done;
    };
  };
}

/** The buffers of a result, which are transferred instead of copied. */
function buffersOf(result) {
  return Object.values(result)
    .filter(ArrayBuffer.isView)
    .map((view) => view.buffer);
}
