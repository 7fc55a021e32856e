/**
 * Lets what is on the screen be drawn first: an element that is far from it waits until nothing has been
 * drawn for a moment, or until somebody scrolls to it.
 *
 *   this.screen = new OnScreen(this);   // in the constructor of a Lit element
 *   await this.screen.turn();           // at once if the element is on the screen, or close to it
 */
const REST = 200; // milliseconds without a change, after which the rest is drawn
const MARGIN = "100px"; // around the screen: what is about to be scrolled to

let lastTurn = 0; // when something on the screen was drawn last

export class OnScreen {
  /** @param {import("../vendored/lit.js").LitElement} host */
  constructor(host) {
    this.host = host;
    this.isNear = true; // until it is known
    this.waiting = []; // what to call when the element comes near
    const observe = (entries) => {
      const { isIntersecting, boundingClientRect } = entries.at(-1);
      this.follow(isIntersecting || !boundingClientRect.width); // what is hidden may want to be shown
    };
    this.observer = new IntersectionObserver(observe, { rootMargin: MARGIN });
    host.addController(this);
  }

  hostConnected() {
    this.observer.observe(this.host);
  }

  hostDisconnected() {
    this.observer.disconnect();
    this.follow(true);
  }

  follow(isNear) {
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
