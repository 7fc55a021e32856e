/** Calls a function when an element has got another size, as long as it is in the page. */
export class OnResize {
  /** @param {import("../vendored/lit.js").LitElement} host @param {() => void} callback */
  constructor(host, callback) {
    this.host = host;
    this.observer = new ResizeObserver(callback);
    host.addController(this);
  }

  hostConnected() {
    this.observer.observe(this.host);
  }

  hostDisconnected() {
    this.observer.disconnect();
  }
}
