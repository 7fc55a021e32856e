/** Print a figure without the page around it: styles/lesson.css hides the rest meanwhile. */
export function printOnly(figure) {
  const { dataset } = document.documentElement;
  dataset.print = figure.localName;
  addEventListener("afterprint", () => delete dataset.print, { once: true });
  globalThis.print();
}
