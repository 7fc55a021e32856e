/** What is far below the first screen waits until somebody comes near it. */

const MARGIN = "600px"; // that it is ready when it comes into view

/**
 * Resolves as soon as an element is near what can be seen, and fails once a signal is aborted.
 * @param {Element} element one that has a box @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function near(element, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.at(-1).isIntersecting) end(resolve);
      },
      { rootMargin: MARGIN },
    );
    const end = (settle) => {
      observer.disconnect();
      settle();
    };
    signal.addEventListener("abort", () => end(() => reject(signal.reason)), { once: true });
    observer.observe(element);
  });
}
