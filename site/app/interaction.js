/**
 * Resolves when somebody has moved, scrolled or pressed something, or stayed for some seconds. What
 * needs weights waits for it, unless they were asked for: the first view loads no megabytes.
 */
export const firstInteraction = new Promise((resolve) => {
  for (const type of ["scroll", "pointermove", "pointerdown", "keydown"]) {
    addEventListener(type, resolve, { once: true, passive: true });
  }
  setTimeout(resolve, 5000);
});
