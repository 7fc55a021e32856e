/** site/app/store.js: what is chosen, in the address or in a part of a page. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LocalStore, MAX_LENGTH, Store } from "../../site/app/store.js";

/** A run with six heads, whose steps, prompts and positions are easily told apart. */
const RUN = {
  name: "stories",
  manifest: {
    sampled_steps: [0, 10, 100],
    snapshots: [{ step: 0 }, { step: 20 }, { step: 100 }],
    prompts: ["Once", "The boy", "She"],
    settings: { n_layer: 2, n_head: 3, n_ctx: 16, temperature: 0.8 },
  },
  vocab: ["a", "b", "c"],
};

const OTHER = {
  name: "other",
  manifest: {
    sampled_steps: [0, 7],
    snapshots: [{ step: 0 }, { step: 7 }],
    prompts: ["To be"],
    settings: { n_layer: 1, n_head: 1, n_ctx: 8, temperature: 1 },
  },
  vocab: ["a"],
};

const DEFAULTS = {
  run: "stories",
  step: 0,
  prompt: 0,
  text: "",
  seed: 1,
  position: 0,
  comparedPosition: 0,
  head: "1.0",
  token: null,
  temperature: 0.8,
  topK: 0,
  topP: 1,
  length: 16,
  branch: "",
  operations: "",
  otherText: "",
  controlSeed: 1,
  other: "",
  chat: "",
  chatToken: "",
  chatHead: "",
  versus: "step:100",
  exercise: "attention",
  way: "",
  section: "",
  milestone: "",
  figure: "",
  page: "index",
  theme: "",
  depth: "plain",
  fromStep: 0,
  toStep: 100,
};

/** An address in memory, with the history of a browser. */
class MemoryAddress {
  listeners = [];

  constructor(hash = "") {
    this.history = [hash];
  }

  read() {
    return this.history.at(-1);
  }

  write(hash, isNewPlace) {
    if (!isNewPlace) this.history.pop();
    this.history.push(hash);
  }

  subscribe(listener) {
    this.listeners.push(listener);
  }

  /** Follow a link, as somebody does who clicks on it. */
  go(hash) {
    this.write(hash, true);
    for (const listener of this.listeners) listener();
  }

  /** Go back, as the button of a browser does. */
  back() {
    this.history.pop();
    for (const listener of this.listeners) listener();
  }
}

/** A store that shows RUN. */
function storeAt(hash = "", defaults = {}) {
  const address = new MemoryAddress(hash);
  const store = new Store(address, defaults);
  store.show(RUN);
  return { store, address };
}

/** What one of the choices becomes that an address names. */
const shownAt = (hash, name) => storeAt(hash).store.state[name];

/** What is different from what is shown without an address. */
const changed = ({ state }) =>
  Object.fromEntries(Object.entries(state).filter(([name, value]) => value !== DEFAULTS[name]));

/** How often a store tells of a change while this is done. */
function notifications(store, act) {
  let n = 0;
  const stop = store.subscribe(() => {
    n += 1;
  });
  act();
  stop();
  return n;
}

// What is read from an address -------------------------------------------------------------------

test("an address without choices shows everything as it is by default", () => {
  assert.deepEqual(storeAt().store.state, DEFAULTS);
});

test("an address is read into the values it names", () => {
  const hash =
    "run=stories&step=10&prompt=2&text=Tom+saw&seed=3&position=4&comparedPosition=5" +
    "&head=0.2&token=2&temperature=1.5&topK=5&topP=0.5&length=9&branch=2t4.6s3&versus=off%3A1.1&exercise=head&way=order&section=compare&milestone=name" +
    "&operations=h1.2_h9.9&otherText=Ann&controlSeed=3&figure=loss-curve&page=explore&theme=dark&depth=code&fromStep=10&toStep=100";
  assert.deepEqual(storeAt(hash).store.state, {
    run: "stories",
    step: 10,
    prompt: 2,
    text: "Tom saw",
    seed: 3,
    position: 4,
    comparedPosition: 5,
    head: "0.2",
    token: 2,
    temperature: 1.5,
    topK: 5,
    topP: 0.5,
    length: 9,
    branch: "2t4.6s3",
    operations: "h1.2_h9.9",
    otherText: "Ann",
    controlSeed: 3,
    other: "",
    chat: "",
    chatToken: "",
    chatHead: "",
    versus: "off:1.1",
    exercise: "head",
    way: "order",
    section: "compare",
    milestone: "name",
    figure: "loss-curve",
    page: "explore",
    theme: "dark",
    depth: "code",
    fromStep: 10,
    toStep: 100,
  });
});

test("what is written into an address is read back from it", () => {
  const { store, address } = storeAt();
  store.set({ text: "50% & more = “é” +1 #2", step: 100, head: "0.1" });
  const again = storeAt(address.read()).store;
  assert.deepEqual(again.state, store.state);
  assert.equal(again.state.text, "50% & more = “é” +1 #2");
});

test("unknown names in an address are left out, even those that every object has", () => {
  const { store } = storeAt("step=10&nobody=1&__proto__=2&constructor=3&toString=4");
  assert.deepEqual(store.chosen, { step: 10 });
});

test("where a number is meant, anything else counts as not chosen", () => {
  const { store } = storeAt("step=hot&prompt=x&seed=NaN&position=1e999&temperature=[1,2]");
  assert.deepEqual(store.chosen, {});
  assert.deepEqual(store.state, DEFAULTS);
});

test("of two values for the same name, the last counts", () => {
  assert.equal(shownAt("prompt=1&prompt=2", "prompt"), 2);
});

test("a step between two is the nearer one, of two the earlier", () => {
  const steps = [-5, 4, 5, 6, 54, 55, 56, 1e9].map((step) => shownAt(`step=${step}`, "step"));
  assert.deepEqual(steps, [0, 0, 0, 10, 10, 10, 100, 100]);
});

test("a step may be the first or the last, in words", () => {
  assert.equal(shownAt("step=first", "step"), 0);
  assert.equal(shownAt("step=last", "step"), 100);
});

test("the step that is shown by default may be the last, or a number", () => {
  assert.equal(storeAt("", { step: "last" }).store.state.step, 100);
  assert.equal(storeAt("", { step: 9 }).store.state.step, 10);
  assert.equal(storeAt("step=first", { step: "last" }).store.state.step, 0);
});

test("a number beyond its bounds is the nearest within them", () => {
  assert.equal(shownAt("prompt=-1", "prompt"), 0);
  assert.equal(shownAt("prompt=99", "prompt"), 2);
  assert.equal(shownAt("seed=0", "seed"), 1);
  assert.equal(shownAt("seed=1e12", "seed"), 2147483648);
  for (const name of ["position", "comparedPosition"]) {
    assert.equal(shownAt(`${name}=-3`, name), 0);
    assert.equal(shownAt(`${name}=17`, name), 16);
  }
  assert.equal(shownAt("temperature=-1", "temperature"), 0);
  assert.equal(shownAt("temperature=99", "temperature"), 2);
});

test("a number that has to be whole is rounded down", () => {
  assert.equal(shownAt("prompt=1.9", "prompt"), 1);
  assert.equal(shownAt("seed=7.9", "seed"), 7);
  assert.equal(shownAt("position=2.9", "position"), 2);
  assert.equal(shownAt("temperature=0.7", "temperature"), 0.7);
});

test("at most a thousand characters of your own text are shown", () => {
  assert.equal(MAX_LENGTH, 1000);
  assert.equal(shownAt(`text=${"x".repeat(5000)}`, "text"), "x".repeat(1000));
  assert.equal(shownAt(`text=${"x".repeat(1000)}`, "text").length, 1000);
});

test("a comparison without a kind and a value is the usual one", () => {
  for (const versus of ["step:0", "run:other", "temperature:0.5", "off:1.1"]) {
    assert.equal(shownAt(`step=100&versus=${versus}`, "versus"), versus);
  }
  for (const versus of ["", "step:", "nonsense", "steps:0", "of:1.1", "xstep:0"]) {
    assert.equal(shownAt(`step=100&versus=${versus}`, "versus"), "step:20");
  }
});

test("by default, a step is compared with one at most a quarter as far, whose loss is different", () => {
  const { store } = storeAt("step=10");
  const snapshots = [0, 3, 9, 20, 30, 90, 100].map((step) => ({ step }));
  store.show({ ...RUN, manifest: { ...RUN.manifest, snapshots } });
  assert.equal(store.state.versus, "step:0", "step 10 has the weights of step 9");
  store.set({ step: 100 });
  assert.equal(store.state.versus, "step:20");
});

test("what a run has not cannot be compared", () => {
  for (const versus of ["off:1.1", "layer:1", "temperature:0", "step:20"]) {
    assert.equal(shownAt(`step=100&versus=${versus}`, "versus"), versus);
  }
  for (const versus of ["off:2.0", "off:1.3", "off:1", "layer:2", "layer:1.1", "step:x", "temperature:hot"]) {
    assert.equal(shownAt(`step=100&versus=${versus}`, "versus"), "step:20", versus);
  }
});

test("by default, the first snapshot is compared with the last", () => {
  assert.equal(shownAt("step=0", "versus"), "step:100");
});

test("in place of an unknown exercise, the one about attention is shown", () => {
  assert.equal(shownAt("exercise=head", "exercise"), "head");
  assert.equal(shownAt("exercise=heads", "exercise"), "attention");
});

// The default head -------------------------------------------------------------------------------

test("until a head is chosen, the default head of the run is shown", () => {
  const { store } = storeAt();
  store.setDefaultHead(RUN, "0.2");
  assert.equal(store.state.head, "0.2");
  store.set({ head: "0.1" });
  assert.equal(store.state.head, "0.1");
  store.set({ head: "9.9" });
  assert.equal(store.state.head, "0.2");
});

test("the default head of one run is not that of another", () => {
  const { store, address } = storeAt();
  store.setDefaultHead(OTHER, "0.1");
  assert.equal(store.state.head, "1.0");
  store.setDefaultHead(RUN, "0.1");
  address.go("run=other");
  store.show(OTHER);
  assert.equal(store.state.head, "0.0", "the other run has no head 0.1");
});

test("a default head stands in no address", () => {
  const { store, address } = storeAt("step=10");
  store.setDefaultHead(RUN, "0.2");
  assert.deepEqual(address.history, ["step=10"]);
});

test("a default head that is known already changes nothing", () => {
  const { store } = storeAt();
  assert.equal(
    notifications(store, () => store.setDefaultHead(RUN, "0.2")),
    1,
  );
  assert.equal(
    notifications(store, () => store.setDefaultHead(RUN, "0.2")),
    0,
  );
});

// What a choice clears ---------------------------------------------------------------------------

const EVERYTHING =
  "step=10&prompt=2&text=Tom&seed=3&position=4&comparedPosition=5&head=0.2" +
  "&temperature=1.5&operations=h0.1&otherText=Ann&versus=off:1.1&exercise=head&way=order&section=compare&milestone=name";

/** The names of what is no longer chosen after these changes. */
function clearedBy(changes) {
  const { store } = storeAt(EVERYTHING);
  const before = Object.keys(store.chosen);
  store.set(changes);
  return before.filter((name) => !(name in store.chosen));
}

test("another run clears everything that means something else there", () => {
  assert.deepEqual(clearedBy({ run: "other" }), [
    "step",
    "prompt",
    "text",
    "seed",
    "position",
    "comparedPosition",
    "head",
    "temperature",
    "operations",
    "otherText",
    "versus",
    "exercise",
    "section",
    "milestone",
  ]);
});

test("another prompt clears a text of your own, and what belongs to a text", () => {
  assert.deepEqual(clearedBy({ prompt: 1 }), ["text", "seed", "position", "comparedPosition", "milestone"]);
});

test("another step clears the milestone that was at the one before", () => {
  assert.deepEqual(clearedBy({ step: 100 }), ["milestone"]);
});

test("another text or seed clears the positions in it", () => {
  assert.deepEqual(clearedBy({ text: "A dog" }), ["position", "comparedPosition"]);
  assert.deepEqual(clearedBy({ seed: 4 }), ["position", "comparedPosition"]);
});

test("another comparison clears only the position in the compared text", () => {
  assert.deepEqual(clearedBy({ versus: "step:0" }), ["comparedPosition"]);
});

test("a position, a head, a temperature or an exercise clears nothing", () => {
  for (const changes of [
    { position: 1 },
    { comparedPosition: 1 },
    { head: "0.0" },
    { temperature: 1 },
    { exercise: "attention" },
  ]) {
    assert.deepEqual(clearedBy(changes), []);
  }
});

test("what is chosen together with what would clear it stays, in either order", () => {
  for (const changes of [
    { text: "A dog", position: 1 },
    { position: 1, text: "A dog" },
  ]) {
    const { store } = storeAt(EVERYTHING);
    store.set(changes);
    assert.deepEqual([store.state.text, store.state.position], ["A dog", 1]);
    assert.equal(store.state.comparedPosition, 0);
  }
});

test("null takes a choice back, and nothing of it stays in the address", () => {
  const { store, address } = storeAt("step=10&head=0.2");
  store.set({ step: null });
  assert.equal(store.state.step, 0);
  assert.equal(address.read(), "head=0.2");
  store.set({ step: null, head: null });
  assert.equal(address.read(), "");
});

// The history ------------------------------------------------------------------------------------

/** How many entries the history gets when something is chosen after this address. */
function newEntries(hash, changes, options) {
  const { store, address } = storeAt(hash);
  store.set(changes, options);
  return address.history.length - 1;
}

test("a run, a prompt, a text, a head or an exercise gets an entry in the history", () => {
  for (const changes of [
    { run: "other" },
    { prompt: 1 },
    { text: "Tom" },
    { head: "0.1" },
    { exercise: "head" },
  ]) {
    assert.equal(newEntries("", changes), 1);
  }
});

test("a step that is jumped to gets an entry, unless it is shown already", () => {
  assert.equal(newEntries("", { step: 10 }, { jump: true }), 1);
  assert.equal(newEntries("step=10", { step: 10 }, { jump: true }), 0);
});

test("going back undoes a jump at once, however many steps were scrubbed before and after", () => {
  const { store, address } = storeAt("");
  for (let step = 0; step < 40; step++) store.set({ step });
  store.set({ step: 100 }, { jump: true });
  for (let step = 100; step > 60; step--) store.set({ step });
  address.back();
  assert.equal(store.chosen.step, 39);
  assert.equal(address.history.length, 1);
});

test("other pages get what is chosen, except what means nothing there", () => {
  const { store } = storeAt("run=small&step=10&prompt=1&head=0.1&position=3&section=compare&versus=step%3A0");
  assert.equal(store.carried, "run=small&step=10&prompt=1&head=0.1");
  store.set({ text: "Tom saw" });
  assert.equal(store.carried, "run=small&step=10&prompt=1&head=0.1&text=Tom+saw");
});

test("a link names the run and the step, though nobody has chosen them", () => {
  const { store, address } = storeAt("head=0.1");
  address.link = (hash) => `page#${hash}`;
  const { name } = store.run;
  assert.equal(store.link, `page#run=${name}&step=0&head=0.1`);
  store.set({ step: 10 });
  assert.equal(store.link, `page#run=${name}&step=10&head=0.1`);
});

test("a link leads to the part that it was copied in, with the head that is shown there", () => {
  const { store, address } = storeAt("prompt=1&section=heads");
  address.link = (hash) => `page#${hash}`;
  const { name } = store.run;
  assert.equal(store.linkTo("compared"), `page#run=${name}&step=0&head=1.0&prompt=1&section=compared`);
  assert.equal(store.link, `page#run=${name}&step=0&prompt=1`);
});

test("a step, a seed, a position, a temperature or a comparison gets no entry", () => {
  for (const changes of [
    { step: 10 },
    { seed: 2 },
    { position: 3 },
    { comparedPosition: 3 },
    { temperature: 1 },
    { versus: "step:0" },
  ]) {
    assert.equal(newEntries("", changes), 0);
  }
});

test("one entry is made for several changes, if one of them gets an entry", () => {
  assert.equal(newEntries("", { seed: 2, text: "Tom", prompt: 1 }), 1);
});

test("with `replace`, nothing gets an entry", () => {
  assert.equal(newEntries("", { text: "Tom" }, { replace: true }), 0);
  assert.equal(newEntries("", { text: "Tom" }, { replace: false }), 1);
});

test("choosing again what is chosen gets no entry", () => {
  assert.equal(newEntries("text=Tom", { text: "Tom" }), 0);
  assert.equal(newEntries("prompt=1", { prompt: 1 }), 0);
});

test("taking back a text gets an entry, and taking back nothing gets none", () => {
  assert.equal(newEntries("text=Tom", { text: null }), 1);
  assert.equal(newEntries("", { text: null }), 0);
});

test("what gets no entry is in the address all the same", () => {
  const { store, address } = storeAt("prompt=1");
  store.set({ step: 10 });
  store.set({ text: "Tom saw" }, { replace: true });
  assert.deepEqual(address.history, ["prompt=1&step=10&text=Tom+saw"]);
});

test("going back leads to what was chosen before", () => {
  const { store, address } = storeAt();
  store.set({ prompt: 1 });
  store.set({ step: 10 });
  store.set({ text: "Tom" });
  address.back();
  assert.deepEqual(changed(store), { prompt: 1, step: 10 });
  address.back();
  assert.deepEqual(changed(store), {});
});

test("a link changes only what it names, and everything else is as by default", () => {
  const { store, address } = storeAt("prompt=1&step=10");
  address.go("head=0.1");
  assert.deepEqual(changed(store), { head: "0.1" });
});

test("a choice after a link keeps what the link chose", () => {
  const { store, address } = storeAt();
  address.go("prompt=1&nobody=5");
  store.set({ step: 10 });
  assert.equal(address.read(), "prompt=1&step=10");
});

test("an address that is announced twice is read once", () => {
  const { store, address } = storeAt();
  address.write("step=10", true);
  assert.equal(
    notifications(store, () => address.listeners[0]()),
    1,
  );
  assert.equal(
    notifications(store, () => address.listeners[0]()),
    0,
  );
});

test("the address that a store has written itself is not read again", () => {
  const { store, address } = storeAt();
  store.set({ step: 10 });
  assert.equal(
    notifications(store, () => address.listeners[0]()),
    0,
  );
  assert.equal(store.state.step, 10);
});

/** As much of a browser's window as an address needs; what is done to its history is in `calls`. */
function fakeWindow(t, hash) {
  const calls = [];
  const listeners = {};
  const note = (name) => (state, title, url) => calls.push([name, state, title, url]);
  const globals = {
    location: { hash },
    history: { pushState: note("pushState"), replaceState: note("replaceState") },
    addEventListener: (type, listener) => {
      listeners[type] = listener;
    },
  };
  Object.assign(globalThis, globals);
  t.after(() => Object.keys(globals).forEach((name) => delete globalThis[name]));
  return { calls, listeners };
}

test("in a page, the address is what stands after the #", (t) => {
  const { calls } = fakeWindow(t, "#step=10");
  const store = new Store();
  assert.deepEqual(store.chosen, { step: 10 });
  store.set({ step: 100 });
  store.set({ prompt: 1 });
  assert.deepEqual(calls, [
    ["replaceState", null, "", "#step=100"],
    ["pushState", null, "", "#step=100&prompt=1"],
  ]);
});

test("in a page, links and the buttons back and forward are followed", (t) => {
  const { listeners } = fakeWindow(t, "");
  const store = new Store();
  for (const [type, step] of [
    ["hashchange", 10],
    ["popstate", 100],
  ]) {
    globalThis.location.hash = `#step=${step}`;
    listeners[type]();
    assert.deepEqual(store.chosen, { step });
  }
});

// Another run ------------------------------------------------------------------------------------

test("before a run is shown, nothing is settled and nothing is fitted", () => {
  const store = new Store(new MemoryAddress("step=10"), {});
  assert.equal(store.isSettled, false);
  assert.equal(store.run, null);
  assert.deepEqual(store.state, {});
});

test("the run of the address comes before the default one, and that before the one shown", () => {
  const address = new MemoryAddress("run=other");
  const store = new Store(address, { run: "stories" });
  assert.equal(store.runName, "other");
  address.go("");
  assert.equal(store.runName, "stories");
  assert.equal(storeAt().store.runName, "stories");
  assert.equal(new Store(new MemoryAddress(), {}).runName, undefined);
});

test("while another run is opened, nothing is settled and the state stays", () => {
  const { store } = storeAt("step=10&prompt=2");
  const before = store.state;
  store.set({ run: "other" });
  assert.equal(store.isSettled, false);
  assert.equal(store.state, before);
  store.set({ step: 7 });
  assert.equal(store.state, before);
});

test("once another run is shown, everything is fitted to it", () => {
  const { store } = storeAt("step=10&prompt=2&head=1.2&temperature=0.5");
  store.set({ run: "other" });
  store.set({ step: 5, prompt: 9, position: 12, head: "1.2" });
  store.show(OTHER);
  assert.equal(store.isSettled, true);
  assert.deepEqual(store.state, {
    run: "other",
    step: 7,
    prompt: 0,
    text: "",
    seed: 1,
    position: 8,
    comparedPosition: 0,
    head: "0.0",
    token: null,
    temperature: 1,
    topK: 0,
    topP: 1,
    length: 8,
    branch: "",
    operations: "",
    otherText: "",
    controlSeed: 1,
    other: "",
    chat: "",
    chatToken: "",
    chatHead: "",
    versus: "step:0",
    exercise: "attention",
    way: "",
    section: "",
    milestone: "",
    figure: "",
    page: "index",
    theme: "",
    depth: "plain",
    fromStep: 0,
    toStep: 7,
  });
});

test("going back to the run that is shown settles at once", () => {
  const { store, address } = storeAt("prompt=1");
  store.set({ run: "other" });
  address.back();
  assert.equal(store.isSettled, true);
  assert.deepEqual(changed(store), { prompt: 1 });
});

test("what a run cannot show is remembered for one that can", () => {
  const { store } = storeAt("temperature=1.5");
  store.set({ position: 12 });
  store.show({ ...OTHER, name: "stories" });
  assert.equal(store.state.position, 8);
  store.show(RUN);
  assert.equal(store.state.position, 12);
});

// Those who follow -------------------------------------------------------------------------------

test("whoever subscribes is told once of each choice, each link and each run", () => {
  const { store, address } = storeAt();
  assert.equal(
    notifications(store, () => store.set({ step: 10, prompt: 1 })),
    1,
  );
  assert.equal(
    notifications(store, () => address.go("step=0")),
    1,
  );
  assert.equal(
    notifications(store, () => store.show(OTHER)),
    1,
  );
});

test("whoever subscribes is told that another run was chosen, before it is there", () => {
  const { store } = storeAt();
  assert.equal(
    notifications(store, () => store.set({ run: "other" })),
    1,
  );
});

test("whoever unsubscribes is told nothing any more", () => {
  const { store } = storeAt();
  let calls = 0;
  const stop = store.subscribe(() => {
    calls += 1;
  });
  store.set({ step: 10 });
  stop();
  store.set({ step: 100 });
  assert.equal(calls, 1);
});

test("a state that somebody holds on to does not change", () => {
  const { store } = storeAt();
  const before = store.state;
  store.set({ step: 10, text: "Tom" });
  assert.deepEqual(before, DEFAULTS);
});

// A store for a part of a page -------------------------------------------------------------------

/** A local store that follows a store with this address. */
function localAt(hash, own, renamed) {
  const { store, address } = storeAt(hash);
  const local = new LocalStore(store, own, renamed);
  local.follow();
  return { store, address, local };
}

test("a local store begins with values of its own, and shares the others", () => {
  const { local, address } = localAt("step=10&text=Tom&head=0.2", { text: "A dog", seed: "5" });
  assert.deepEqual(changed(local), { step: 10, text: "A dog", seed: 5, head: "0.2" });
  assert.deepEqual(address.history, ["step=10&text=Tom&head=0.2"]);
});

test("a value of its own stays where it is chosen", () => {
  const { local, store, address } = localAt("position=2", { position: "4" });
  local.set({ position: 6 });
  assert.equal(local.state.position, 6);
  assert.equal(store.state.position, 2);
  assert.deepEqual(address.history, ["position=2"]);
});

test("what is not its own is passed on to the store around it", () => {
  const { local, store, address } = localAt("", { text: "A dog" });
  local.set({ head: "0.1", step: 10 });
  assert.deepEqual([store.state.head, store.state.step], ["0.1", 10]);
  assert.deepEqual([local.state.head, local.state.step], ["0.1", 10]);
  assert.deepEqual(address.history, ["", "head=0.1&step=10"]);
});

test("what is passed on gets an entry in the history, unless it replaces one", () => {
  const { local, address } = localAt("", { text: "A dog" });
  local.set({ prompt: 1 });
  assert.deepEqual(address.history, ["", "prompt=1"]);
  local.set({ prompt: 2 }, { replace: true });
  assert.deepEqual(address.history, ["", "prompt=2"]);
});

test("own and shared values may be chosen in one go", () => {
  const { local, store } = localAt("", { position: "0" });
  local.set({ position: 3, head: "0.1" });
  assert.deepEqual([local.state.position, local.state.head], [3, "0.1"]);
  assert.deepEqual(changed(store), { head: "0.1" });
});

test("its own values are fitted to the run, as those of an address are", () => {
  const { local } = localAt("", { step: "last", position: "99", seed: "2.7", head: "7.7" });
  assert.deepEqual(changed(local), { step: 100, position: 16, seed: 2, versus: "step:20" });
});

test("an own value that is nonsense is the default, whatever the store around it has", () => {
  const { local } = localAt("seed=7&step=10", { seed: "x", step: "nonsense" });
  assert.deepEqual([local.state.seed, local.state.step], [1, 0]);
});

test("taking back an own value leads to the default, not to what the store around it has", () => {
  const { local } = localAt("position=7", { position: "4" });
  local.set({ position: null });
  assert.equal(local.state.position, 0);
});

test("an own choice clears what is its own", () => {
  const { local, store } = localAt("position=2&seed=3", { text: "A dog", position: "4" });
  local.set({ text: "Tom" });
  assert.deepEqual([local.state.text, local.state.position], ["Tom", 0]);
  assert.equal(local.state.seed, 3);
  assert.equal(store.state.position, 2);
});

test("by default, it compares its own step with the snapshot before that", () => {
  const { local, store } = localAt("step=10", { step: "100" });
  assert.equal(local.state.versus, "step:20");
  assert.equal(store.state.versus, "step:100");
});

test("it follows the store around it", () => {
  const { local, store } = localAt("", { text: "A dog" });
  assert.equal(
    notifications(local, () => store.set({ step: 10 })),
    1,
  );
  assert.deepEqual(changed(local), { step: 10, text: "A dog" });
});

test("once it has stopped following, it stays as it is", () => {
  const { store } = storeAt("");
  const local = new LocalStore(store, { text: "A dog" });
  const stop = local.follow();
  stop();
  store.set({ step: 10 });
  assert.equal(local.state.step, 0);
});

test("when it follows again, it knows what was chosen meanwhile", () => {
  const { store } = storeAt("");
  const local = new LocalStore(store, {});
  store.set({ step: 10 });
  assert.equal(local.state.step, 0);
  local.follow();
  assert.equal(local.state.step, 10);
});

test("whoever follows it is told once of each choice, its own or not", () => {
  const { local } = localAt("", { position: "0" });
  assert.equal(
    notifications(local, () => local.set({ position: 3 })),
    1,
  );
  assert.equal(
    notifications(local, () => local.set({ head: "0.1" })),
    1,
  );
});

test("a choice of its own is no news for the store around it", () => {
  const { local, store } = localAt("", { position: "0" });
  assert.equal(
    notifications(store, () => local.set({ position: 3 })),
    0,
  );
});

test("a renamed value is read from, and chosen in, what it is called outside", () => {
  const { local, store, address } = localAt(
    "position=3&comparedPosition=7",
    {},
    { position: "comparedPosition" },
  );
  assert.equal(local.state.position, 7);
  local.set({ position: 9 });
  assert.equal(local.state.position, 9);
  assert.equal(store.state.position, 3);
  assert.equal(address.read(), "position=3&comparedPosition=9");
});

test("while another run is opened, a local store is not settled and keeps its state", () => {
  const { local, store } = localAt("step=10", { text: "A dog" });
  const before = local.state;
  store.set({ run: "other" });
  assert.equal(local.isSettled, false);
  assert.equal(local.state, before);
  store.show(OTHER);
  assert.equal(local.isSettled, true);
  assert.deepEqual([local.state.run, local.state.text], ["other", "A dog"]);
});

test("a local store that is made before a run is there is filled when it comes", () => {
  const store = new Store(new MemoryAddress("step=10"), {});
  const local = new LocalStore(store, { position: "5" });
  local.follow();
  assert.deepEqual(local.state, {});
  store.show(RUN);
  assert.deepEqual(changed(local), { step: 10, position: 5 });
});

test("the run and the default head of a local store are those around it", () => {
  const { local, store } = localAt("", {});
  assert.equal(local.run, RUN);
  local.setDefaultHead(RUN, "0.2");
  assert.deepEqual([store.state.head, local.state.head], ["0.2", "0.2"]);
});

// One local store in another ---------------------------------------------------------------------

/** A local store in a local store. */
function nestedAt(hash, middle, inner, renamed) {
  const { store, address, local } = localAt(hash, middle, renamed);
  const nested = new LocalStore(local, inner);
  nested.follow();
  return { store, address, local, nested };
}

test("a nested store shares the own values of the one around it", () => {
  const { local, nested, store } = nestedAt(
    "step=10&seed=9",
    { text: "A dog", seed: "5" },
    { position: "4" },
  );
  assert.deepEqual(changed(nested), { step: 10, text: "A dog", seed: 5, position: 4 });
  assert.deepEqual(changed(local), { step: 10, text: "A dog", seed: 5 });
  assert.deepEqual(changed(store), { step: 10, seed: 9 });
});

test("a nested store has its own value where the one around it has one, too", () => {
  const { local, nested } = nestedAt("", { seed: "5" }, { seed: "6" });
  nested.set({ seed: 7 });
  assert.deepEqual([nested.state.seed, local.state.seed], [7, 5]);
});

test("a nested store passes each value on to the one that has it", () => {
  const { store, local, nested, address } = nestedAt("", { seed: "5" }, { position: "4" });
  nested.set({ position: 6, seed: 7, head: "0.1" });
  assert.deepEqual(changed(nested), { position: 6, seed: 7, head: "0.1" });
  assert.deepEqual(changed(local), { seed: 7, head: "0.1" });
  assert.deepEqual(changed(store), { head: "0.1" });
  assert.equal(address.read(), "head=0.1");
});

test("a nested store reads and chooses what the one around it has renamed", () => {
  const { nested, address } = nestedAt(
    "position=3&comparedPosition=7",
    {},
    {},
    { position: "comparedPosition" },
  );
  assert.equal(nested.state.position, 7);
  nested.set({ position: 9 });
  assert.equal(nested.state.position, 9);
  assert.equal(address.read(), "position=3&comparedPosition=9");
});

test("a nested store compares with the snapshot before the step of the one around it", () => {
  assert.equal(nestedAt("step=10", { step: "last" }, {}).nested.state.versus, "step:20");
});

test("a nested store knows the run, and whether it is settled", () => {
  const { store, nested } = nestedAt("", { seed: "5" }, {});
  assert.equal(nested.run, RUN);
  assert.equal(nested.isSettled, true);
  store.set({ run: "other" });
  assert.equal(nested.isSettled, false);
});

test("a text that is given up for the prompt before it stays in the history", () => {
  const {
    store,
    address: { history },
  } = storeAt("prompt=1");
  store.set({ text: "Tom" });
  store.set({ prompt: 1 });
  assert.deepEqual(history, ["prompt=1", "prompt=1&text=Tom", "prompt=1"]);
});

test("what is chosen together with what clears it stays in a local store, in either order", () => {
  for (const changes of [
    { text: "x", position: 3 },
    { position: 3, text: "x" },
  ]) {
    const local = new LocalStore(storeAt().store, { text: "", position: "0" });
    local.set(changes);
    assert.equal(local.state.position, 3);
  }
});

test("undefined takes a choice back, as null does", () => {
  const {
    store,
    address: { history },
  } = storeAt("text=Tom");
  store.set({ text: undefined });
  assert.equal(history.at(-1), "");
});

test("an empty value counts as not chosen where a number is meant", () => {
  assert.deepEqual(storeAt("step=&seed=&temperature=&prompt=+").store.chosen, {});
});

test("a text is not cut in the middle of a character", () => {
  const { store } = storeAt(`text=${"x".repeat(999)}😀`);
  assert.ok(store.state.text.isWellFormed());
});

// A film ------------------------------------------------------------------------------------------

test("a film waits until everything that belongs to a step is there, even if it fails", async () => {
  const { store } = storeAt();
  const local = new LocalStore(store, {});
  const [first, second] = [Promise.withResolvers(), Promise.withResolvers()];
  store.awaitBeforeNextStep(first.promise);
  local.awaitBeforeNextStep(second.promise);
  let isShown = false;
  const all = local.allShown().then(() => {
    isShown = true;
  });
  first.resolve();
  await first.promise;
  await new Promise(setImmediate);
  assert.equal(isShown, false);
  second.reject(new Error("missing"));
  await all;
  assert.equal(isShown, true);
});

test("that a film is playing is told to everybody, once, and is in no address", () => {
  const { store, address } = storeAt("step=10");
  const local = new LocalStore(store, {});
  assert.equal(
    notifications(store, () => {
      local.setPlaying(true);
      store.setPlaying(true);
    }),
    1,
  );
  assert.equal(local.isPlaying, true);
  assert.equal(address.read(), "step=10");
});
