/** What else is done to the model, where somebody chooses an operation of one kind: it all counts together. */
import { css, html, nothing } from "../vendored/lit.js";
import { capitalized } from "./format.js";
import { describe, formatOperations, without } from "./operations.js";

export const alsoOnStyles = css`
  .others { border-left: 4px solid var(--chosen); padding: 2px 0 2px 12px; margin: 12px 0; max-height: 12em; overflow-y: auto; }
  .others p { overflow-wrap: anywhere; display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: center; }
  .others p + p { margin-top: 4px; } .others button { min-height: 32px; padding: 0 12px; }
`;

/**
 * @param {{ run: import("./run.js").Run, store: import("./store.js").Store, chosen: any[] }} figure
 * @param {import("./operations.js").Operation | undefined} mine the one that is chosen here, if it is on
 */
export function alsoOn({ run, store, chosen }, mine) {
  const others = mine ? without(chosen, mine) : chosen;
  if (!others.length) return nothing;
  const choose = (operations) => store.set({ operations: formatOperations(operations) || null });
  return html`<div class="others" role="group" aria-label="What else is done to the model">${others.map(
    (one) => {
      const words = describe(run, one);
      return html`<p><span dir="auto">${capitalized(words)} as well.</span> <button aria-label=${`Take it back: ${words}`}
      @click=${() => choose(without(chosen, one))}>Take it back</button></p>`;
    },
  )}<p>All of this counts in the numbers and texts below.
    ${mine ? html`<button @click=${() => choose([mine])}>Only this one</button>` : nothing}</p></div>`;
}
