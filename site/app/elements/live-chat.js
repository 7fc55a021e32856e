/**
 * <live-chat> … </live-chat>
 *
 * A conversation with the model, if it learned from conversations: what the store says of chat, step and sampling.
 * Figures inside ask it for "chat": see app/chat.js.
 */
import { Chat, endsOf } from "../chat.js";
import { fitTurns, parseTurns } from "../chat-turns.js";
import { ask, provide } from "../context.js";

class LiveChat extends HTMLElement {
  chat = new Chat();

  connectedCallback() {
    this.store = ask(this, "store");
    provide(this, "chat", this.chat);
    this.stop = this.store.subscribe(() => this.show());
    this.show();
  }

  disconnectedCallback() {
    this.stop();
    this.chat.stop();
  }

  show() {
    const { run, state, isSettled } = this.store;
    if (!isSettled || !run.manifest.speakers) return;
    const { step, chat, temperature, topK, topP, chatToken, chatHead } = state;
    const [turn, index] = chatToken.split(".").map(Number);
    const shown = this.chat.show(
      {
        run,
        step,
        turns: parseTurns(fitTurns(chat)),
        sampling: { temperature, topK, topP },
        ends: endsOf(run),
      },
      chatToken ? { turn, index, head: chatHead } : null,
    );
    if (chat) this.store.awaitBeforeNextStep(shown);
  }
}

customElements.define("live-chat", LiveChat);
