/**
 * How a figure finds what it shows: it asks upward, and the nearest element around it that has it answers.
 * Messages are those of the community protocol for contexts of web components.
 *
 *   provide(element, "store", store);   // what is inside of the element may ask for it
 *   ask(figure, "store")                // the store of the nearest element around; null if none has one
 *
 * What there is to ask for, each an Observable:
 *   page   the run that is shown: see elements/terra-page.js
 *   store  what is chosen: see store.js
 *   passes the forward pass over a text, or two to compare: see elements/forward-pass.js, elements/written-pass.js
 *   writing  the text that the model writes: see writing.js
 *   operated  what the model writes instead while it is operated on: see operated.js
 *   chat   a conversation with the model: see chat.js
 *   lab    a model that learns in the page: see lab.js
 *   sentences  the sentence that the model of the lab reads: see elements/lab-pass.js
 *   teaching  a grown model that is taught something: see teaching.js
 *   trials  models that are trained to be compared: see trials.js
 *   named  the runs that are compared, where a page keeps its own: see named-runs.js
 *   typed  the head that somebody types: see typed-head.js
 */

const REQUEST = "context-request";

/** Answer everybody inside an element who asks for `context`. */
export function provide(element, context, value) {
  element.addEventListener(REQUEST, (event) => {
    if (event.context !== context || event.composedPath()[0] === element) return;
    event.stopPropagation();
    event.callback(value);
  });
}

/** What the nearest element around provides; null if none does. */
export function ask(element, context) {
  let found = null;
  const event = new Event(REQUEST, { bubbles: true, composed: true });
  element.dispatchEvent(
    Object.assign(event, {
      context,
      callback: (value) => {
        found = value;
      },
    }),
  );
  return found;
}
