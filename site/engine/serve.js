/**
 * How a worker answers calls. The first message brings a port, through which all others come and go,
 * so that nothing else in the worker can answer in its name. Messages in: { id, method, params }, and
 * { cancel: id } when nobody waits for a call any more; messages out: { id, result }, { id, error } and,
 * while it works, { id, progress }.
 */

/**
 * @param {Object<string, (params: any, call: { onProgress: (progress: object) => void,
 *   isCancelled: () => boolean }) => Promise<object>>} methods by name; calls take turns, because they
 *   share memory, and one that is cancelled before its turn is left out
 */
export function serve(methods) {
  const wanted = new Set(); // ids of the calls that somebody waits for
  let queue = Promise.resolve();
  onmessage = ({ ports: [port] }) => {
    onmessage = null;
    const send = port.postMessage.bind(port);
    port.onmessage = ({ data: { id, method, params, cancel } }) => {
      if (cancel !== undefined) {
        wanted.delete(cancel);
        return;
      }
      wanted.add(id);
      const call = { onProgress: (progress) => send({ id, progress }), isCancelled: () => !wanted.has(id) };
      queue = queue
        .then(() => (call.isCancelled() ? {} : methods[method](params, call)))
        .then((result) => send({ id, result }, buffersOf(result)))
        .catch((error) => send({ id, error: String(error?.message ?? error) }))
        .then(() => {
          wanted.delete(id);
        });
    };
  };
}

/** The buffers of a result, which are transferred instead of copied. */
function buffersOf(result) {
  return Object.values(result)
    .filter(ArrayBuffer.isView)
    .map((view) => view.buffer);
}
