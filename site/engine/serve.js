/**
 * How a worker answers. The first message brings a port, through which all others come and go, so
 * that nothing else in the worker can answer in its name. Messages in: { id, call, given }; messages
 * out: { id, result }, { id, error } and, while it works, { id, part }.
 */

/**
 * @param {Object<string, (given: object, tell: (part: object) => void) => Promise<object>>} calls
 *   what can be called, by name; calls take turns, because they share memory
 * @param {string[]} [atOnce] the names of those that need not wait for their turn
 */
export function serve(calls, atOnce = []) {
  let busy = Promise.resolve();
  onmessage = ({ ports: [port] }) => {
    onmessage = null;
    const send = port.postMessage.bind(port);
    port.onmessage = ({ data: { id, call, given } }) => {
      const turn = atOnce.includes(call) ? Promise.resolve() : busy;
      const done = turn.then(() => calls[call]({ id, ...given }, (part) => send({ id, part })))
        .then((result) => send({ id, result }, buffersOf(result)),
              (error) => send({ id, error: String(error.message) }));
      if (!atOnce.includes(call)) busy = done;
    };
  };
}

/** What can be handed over instead of copied. */
function buffersOf(result) {
  return Object.values(result).filter(ArrayBuffer.isView).map((view) => view.buffer);
}
