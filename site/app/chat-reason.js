/**
 * Why a model wrote a token of a reply, all of it measured in this page:
 *   turn, index, id, p, top     which token it is, and what else it might have been
 *   ids                         what the model had read before it
 *   pass                        the forward pass over that: where each head looked, from the last of these tokens
 *   copier                      { head, key, weight }: the head that looked most at the same token; null if it is new
 *   effects                     { head, after } of each head that has been switched off so far: the probability of
 *                               the token if the model reads all of it without that head. The largest fall comes first
 *   nHeads, milliseconds        how many there are, and how long that took so far
 *   head                        the one that is switched off for `without`
 *   shownHead                   the one whose attention is shown: the chosen one, or else the copier
 *   without                     { head, tokens, milliseconds }: the reply, written with the same luck without it
 *   failure
 */
import { ForwardPass } from "./forward-pass.js";
import { headNames } from "./heads.js";
import { softmax } from "../engine/kernel.js";

export class Explanation {
  reason = null;

  /** @param {(reason: any) => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
  }

  /** @param {any} chat the state of a Chat @param {{ turn: number, index: number, head: string }} chosen */
  async show(chat, chosen) {
    const { promptIds, tokens } = chat.replies[chosen.turn];
    const ids = [...promptIds, ...tokens.slice(0, chosen.index).map(({ id }) => id)];
    const key = JSON.stringify([
      chat.request.run.name,
      chat.model.step,
      chosen.turn,
      ids,
      tokens[chosen.index].id,
    ]);
    const isSame = key === this.key && !this.reason?.failure;
    if (isSame && this.head === chosen.head) return;
    this.controller?.abort();
    const { signal } = (this.controller = new AbortController());
    this.key = key;
    this.head = chosen.head;
    try {
      if (!isSame) this.begin(chat, chosen, ids);
      this.choose(chosen.head);
      if (!this.reason.pass) await this.look(chat, signal);
      await this.switchOff(chat, signal);
      await this.writeWithout(chat, signal);
    } catch (error) {
      if (!signal.aborted) this.update({ failure: error });
    }
  }

  begin(chat, { turn, index }, ids) {
    const { id, p, top } = chat.replies[turn].tokens[index];
    const nHeads = headNames(chat.request.run.manifest.settings).length;
    this.reason = { turn, index, ids, id, p, top, nHeads };
    this.update({ pass: null, copier: null, effects: [], milliseconds: 0, without: null, failure: null });
  }

  async look({ request, model }, signal) {
    const { ids, id } = this.reason;
    const read = await model.forward(ids, { signal });
    const pass = new ForwardPass({
      ...read,
      run: request.run,
      step: model.step,
      ids,
      promptLength: ids.length,
    });
    this.update({ pass, copier: strongestLook(pass, id), milliseconds: read.milliseconds });
    this.choose(this.head);
  }

  /** Read everything again, each time without one head. */
  async switchOff({ model, request }, signal) {
    const { ids, id } = this.reason;
    for (const head of headNames(request.run.manifest.settings)) {
      if (this.reason.effects.some((one) => one.head === head)) continue; // found before another head was chosen
      const start = performance.now();
      const logits = await model.nextLogits(ids, { intervention: { heads: [head] }, signal });
      const effects = [...this.reason.effects, { head, after: softmax(logits)[id] }];
      effects.sort((a, b) => a.after - b.after);
      this.update({ effects, milliseconds: this.reason.milliseconds + performance.now() - start });
    }
    this.choose(this.head);
  }

  /** Write the whole reply again without a head, with the same seed. */
  async writeWithout({ model, request, replies }, signal) {
    const { turn, head } = this.reason;
    const { seed, limit } = request.turns[turn];
    const tokens = [];
    const { milliseconds } = await model.generate(
      {
        ids: replies[turn].promptIds,
        sampling: request.sampling,
        seed,
        tokens: limit ?? undefined,
        end: request.ends,
        intervention: { heads: [head] },
      },
      { signal, onProgress: (more) => tokens.push(...more) },
    );
    this.update({ without: { head, tokens, milliseconds } });
  }

  /** A head, or, while none is chosen, what there is to see: who copied, and whose absence changes most. */
  choose(head) {
    const { copier, effects, nHeads } = this.reason;
    const strongest = effects.length === nHeads ? effects[0].head : "";
    this.update({ head: head || strongest, shownHead: head || copier?.head || strongest || "0.0" });
  }

  update(changes) {
    this.reason = { ...this.reason, ...changes };
    this.onChange(this.reason);
  }

  stop() {
    this.controller?.abort();
    this.key = null;
  }
}

/** The head that looks most at an earlier copy of a token, from where the token was predicted. */
function strongestLook(pass, id) {
  const query = pass.length - 1;
  const heads = [...Array(pass.attention.length / pass.triangle).keys()];
  const keys = pass.ids.map((_, key) => key).filter((key) => pass.ids[key] === id);
  const names = headNames(pass.run.manifest.settings);
  const looks = heads.flatMap((head) =>
    keys.map((key) => ({ head: names[head], key, weight: pass.weight(head, query, key) })),
  );
  return looks.reduce((best, one) => (best && best.weight >= one.weight ? best : one), null);
}
