/**
 * What is seen first is there first: figures in something of the class "later" are not even loaded (see autoload.js)
 * until
 *   - somebody comes near, or
 *   - the first view has ended: the model has written its first token, or will not write any.
 * Somebody who goes from one thing to the next by keyboard, or prints the page, does not wait for that.
 */
let end;

/** Resolves when the first view has ended. @type {Promise<void>} */
export const firstView = new Promise((resolve) => {
  end = resolve;
});

export const endFirstView = () => end();

addEventListener("beforeprint", endFirstView, { once: true });
addEventListener("keydown", ({ key }) => {
  if (key === "Tab") endFirstView();
});

const PATIENCE = 1000; // milliseconds

/** Resolves when the page has nothing else to do, or after a while. @returns {Promise<void>} */
export const idle = () =>
  new Promise((resolve) => {
    if (globalThis.requestIdleCallback) requestIdleCallback(() => resolve(), { timeout: PATIENCE });
    else setTimeout(resolve, PATIENCE / 10); // Safari
  });
