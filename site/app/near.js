/**
 * What is far from the screen waits. What has to be computed waits until somebody comes near:
 *
 *   await near(element, signal);
 *
 * What is only drawn waits until nothing on the screen has been drawn for a moment:
 *
 *   this.screen = new OnScreen(this);   // in the constructor of a Lit element
 *   await this.screen.turn();           // at once if the element is on the screen, or close to it
 */
const COMPUTE_WITHIN = "600px"; // of the screen: that it is ready when it comes into view
const DRAW_WITHIN = "100px"; // what is about to be scrolled to
const REST = 200; // milliseconds without a change, after which the rest is drawn

let lastTurn = 0; // when something on the screen was drawn last

/** Tell a listener how an element lies to the screen, now and whenever that changes. @returns what ends that */
function follow(element, rootMargin, listener) {
  const observer = new IntersectionObserver((entries) => listener(entries.at(-1)), { rootMargin });
  observer.observe(element);
  return () => observer.disconnect();
}

/**
 * Resolves as soon as an element is near what can be seen, and fails once a signal is aborted.
 * @param {Element} element one that has a box @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function near(element, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = follow(element, COMPUTE_WITHIN, ({ isIntersecting }) => {
      if (isIntersecting) end(resolve);
    });
    const end = (settle) => {
      stop();
      settle();
    };
    signal.addEventListener("abort", () => end(() => reject(signal.reason)), { once: true });
  });
}

/**
 * Resolves as soon as an element is on the screen, or close to it.
 * @param {Element} element @returns {Promise<void>}
 */
export function nearlySeen(element) {
  return new Promise((resolve) => {
    const stop = follow(element, DRAW_WITHIN, ({ isIntersecting }) => {
      if (!isIntersecting) return;
      stop();
      resolve();
    });
  });
}

/**
 * Tell a listener whether an element is on the screen, or close to it, now and whenever that changes.
 * @param {Element} element @param {(isSeen: boolean) => void} listener @returns {() => void} what ends that
 */
export const watch = (element, listener) =>
  follow(element, DRAW_WITHIN, ({ isIntersecting }) => listener(isIntersecting));

export class OnScreen {
  /** @param {import("../vendored/lit.js").LitElement} host */
  constructor(host) {
    this.host = host;
    this.isNear = true; // until it is known
    this.waiting = []; // what to call when the element comes near
    host.addController(this);
  }

  hostConnected() {
    this.stop = follow(
      this.host,
      DRAW_WITHIN,
      ({ isIntersecting, boundingClientRect }) => this.turnTo(isIntersecting || !boundingClientRect.width), // what is hidden may want to be shown
    );
  }

  hostDisconnected() {
    this.stop();
    this.turnTo(true);
  }

  turnTo(isNear) {
    this.isNear = isNear;
    if (!isNear) return;
    for (const go of this.waiting.splice(0)) go();
  }

  /** Resolves when it is this element's turn to be drawn. */
  async turn() {
    if (!this.isNear) lastTurn = Math.max(lastTurn, performance.now() - REST / 2);
    while (!this.isNear && performance.now() - lastTurn < REST) {
      await Promise.race([
        new Promise((resolve) => setTimeout(resolve, REST / 4)),
        new Promise((resolve) => this.waiting.push(resolve)),
      ]);
    }
    if (this.isNear) lastTurn = performance.now();
  }
}
