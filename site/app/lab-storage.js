/**
 * What the lab keeps in this browser, so that a reload or a crash costs seconds and not the training: the latest model
 * with its text, and the one before it. Each is replaced in one transaction, so there is never half a model, however
 * a tab ends. The text is written only when it is another one: it may be large, and a model is kept every few seconds.
 * So are its snapshots (see lab-snapshots.js), each under a key of its own. They go when their model goes.
 *
 *   const storage = new LabStorage();
 *   await storage.write({ id: "1-2-3-4", text, tokens }, { id: "5-6-7-8", step: 420, weights, … });
 *   await storage.list()      // [{ source, model }, …], the latest first
 *   await storage.writeSnapshots("5-6-7-8", [{ step: 0, weights, passes }, …]);
 *   await storage.snapshots("5-6-7-8")      // the same, the earliest first
 *
 * @typedef {{ id: string, text: object, tokens: object }} Source what a model learns from; another one has another id
 * @typedef {{ id: string, name: string, step: number, savedAt: number, settings: any, [other: string]: any }} Model with all that belongs to it
 * @typedef {{ step: number, weights: Float32Array, passes: any[] }} Snapshot
 */
const NAME = "terrarium.lab";
const STORE = "model";
const VERSION = 1; // one more when what is kept has another form: then what was kept before is forgotten
const MODELS = ["model", "earlier model"]; // the latest one, and the one before
const SOURCES = ["source", "earlier source"];
const SNAPSHOT = "snapshot"; // its key: [SNAPSHOT, id of its model, step]

/** A browser keeps nothing here: it is full, or forbidden. */
export class StorageFailure extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super("This browser could not keep the model.", { cause });
    /** Whether there was no room for it. */
    this.isFull = /** @type {{ name?: string } | null} */ (cause)?.name === "QuotaExceededError";
  }
}

export class LabStorage {
  /** @param {() => IDBFactory} [factory] asked for at each use: where it is forbidden, a browser throws */
  constructor(factory = () => indexedDB) {
    this.factory = factory;
    this.database = null; // a promise of it
  }

  /** What is kept, the latest first. @returns {Promise<{ source: Source, model: Model }[]>} */
  async list() {
    return this.transaction("readonly", (records, done) =>
      all(records, [...SOURCES, ...MODELS], (...found) => {
        const [source, earlierSource, model, earlierModel] = found;
        const pairs = [
          { source, model },
          { source: earlierSource, model: earlierModel },
        ];
        done(pairs.filter((one) => one.source && one.model?.source === one.source.id));
      }),
    );
  }

  /**
   * Keep this state of a model. The one before, if it is another one, is put aside.
   * @param {Source} source @param {Model} model
   * @returns {Promise<boolean>} whether all snapshots had to go, because there was no room for it
   */
  async write(source, model) {
    try {
      await this.writeModel(source, model);
      return false;
    } catch (error) {
      if (!error.isFull) throw error;
      await this.forgetSnapshots(); // a model is worth more than what it was at earlier steps
      await this.writeModel(source, model);
      return true;
    }
  }

  async writeModel(source, model) {
    return this.transaction("readwrite", (records, done, fail) => {
      const act = (sourceId, modelId) => {
        if (modelId !== model.id) setAside(records, model.id, fail);
        if (sourceId !== source.id) {
          records.put(source.id, "id");
          records.put(source, "source");
        }
        records.put(model.id, "model id");
        records.put({ ...model, source: source.id }, "model");
      };
      all(records, ["id", "model id"], orFail(act, fail));
    });
  }

  /** Keep a model no longer. @param {string} id */
  async forget(id) {
    return this.transaction("readwrite", (records) =>
      all(records, MODELS, (...models) => {
        const [isLatest, isEarlier] = models.map((one) => one && one.id === id);
        const keys = [
          ...(isLatest ? ["id", "source", "model id", "model"] : []),
          ...(isEarlier ? ["earlier source", "earlier model"] : []),
        ];
        for (const key of keys) records.delete(key);
        if (id) records.delete(snapshotsOf(id)); // older models have none
      }),
    );
  }

  /** Keep these snapshots of a model, and no others: those that are there already are not written again. @param {string} id @param {Snapshot[]} snapshots */
  async writeSnapshots(id, snapshots) {
    return this.transaction("readwrite", (records, done, fail) => {
      const act = (keys) => {
        const there = keys.map(([, , step]) => step);
        const wanted = snapshots.map(({ step }) => step);
        for (const step of there) if (!wanted.includes(step)) records.delete([SNAPSHOT, id, step]);
        for (const one of snapshots)
          if (!there.includes(one.step)) records.put(one, [SNAPSHOT, id, one.step]);
      };
      records.getAllKeys(snapshotsOf(id)).onsuccess = ({ target }) => orFail(act, fail)(target.result);
    });
  }

  /** The snapshots of a model, the earliest first. Nothing is sure about what is in them. @param {string} id @returns {Promise<unknown[]>} */
  async snapshots(id) {
    return this.transaction("readonly", (records, done) => {
      const found = [];
      done(found);
      records.getAllKeys(snapshotsOf(id)).onsuccess = ({ target }) => {
        // One at a time: all of them together would hold up the page.
        for (const key of target.result) records.get(key).onsuccess = (one) => found.push(one.target.result);
      };
    });
  }

  forgetSnapshots() {
    return this.transaction("readwrite", (records) => {
      records.delete(snapshotsOf());
    });
  }

  /** The database, opened once. */
  opened() {
    this.database ??= this.open().catch((error) => {
      this.database = null; // the next time, it may work
      throw error;
    });
    return this.database;
  }

  open() {
    return new Promise((resolve, reject) => {
      const request = this.factory().open(NAME, VERSION);
      request.onupgradeneeded = () => {
        const { result } = request;
        for (const old of result.objectStoreNames) result.deleteObjectStore(old);
        result.createObjectStore(STORE);
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error("Another tab has it open."));
    });
  }

  /**
   * @param {IDBTransactionMode} mode @param {(records: any, done: (found: any) => void,
   *   fail: (error: unknown) => void) => void} act
   * @returns {Promise<any>} what `done` was called with, once all of it is written
   */
  async transaction(mode, act) {
    try {
      const database = await this.opened();
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction(STORE, mode);
        let found;
        let failure;
        transaction.oncomplete = () => resolve(found);
        transaction.onabort = () => reject(failure ?? transaction.error ?? new Error("It was cut short."));
        const done = (result) => {
          found = result;
        };
        const fail = (error) => {
          failure = error;
          transaction.abort();
        };
        act(transaction.objectStore(STORE), done, fail);
      });
    } catch (error) {
      throw new StorageFailure(error);
    }
  }
}

/** What stands under some keys. Requests are carried out in their order, so the last one to end is the last key's. */
function all(records, keys, then) {
  const found = [];
  for (const [i, key] of keys.entries()) {
    records.get(key).onsuccess = ({ target }) => {
      found[i] = target.result;
      if (i === keys.length - 1) then(...found);
    };
  }
}

/** The same, except that an error ends the transaction: all stays as it was. */
function orFail(act, fail) {
  return (...found) => {
    try {
      act(...found);
    } catch (error) {
      fail(error);
    }
  };
}

/** Before another model takes the place of the latest one, that becomes the earlier one. The snapshots of others go. */
function setAside(records, newId, fail) {
  const act = (source, model, earlier) => {
    const isOnlyOne = !earlier || earlier.id === newId;
    // A finished model does not go because somebody has begun something and left it.
    const stays = !model || (!isOnlyOne && isFinished(earlier) && !isFinished(model));
    if (!stays) {
      records.put(source, "earlier source");
      records.put(model, "earlier model");
    }
    forgetSnapshotsOfOthers(records, [newId, (stays ? earlier : model)?.id]);
  };
  all(records, ["source", "model", "earlier model"], orFail(act, fail));
}

/** The keys of the snapshots of a model, or of all models. An array comes after all numbers and strings. */
function snapshotsOf(...id) {
  return IDBKeyRange.bound([SNAPSHOT, ...id], [SNAPSHOT, ...id, []]);
}

function forgetSnapshotsOfOthers(records, ids) {
  records.getAllKeys(snapshotsOf()).onsuccess = ({ target }) => {
    for (const key of target.result) if (!ids.includes(key[1])) records.delete(key);
  };
}

const isFinished = ({ step, settings }) => step >= settings.steps;
