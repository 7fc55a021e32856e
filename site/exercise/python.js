/**
 * Python in a page or a module worker: MicroPython, with a small torch and the modules that test heads.
 *
 *   const python = await startPython({ print: (line) => … });
 *   const { reports } = python.call("read", source, "attention");  // a function of tryout.py
 *   python.collectGarbage();                                       // after each run
 *
 * Only one Python can be in a page or worker, because the loader keeps its objects in globals.
 */
import { unpack } from "../engine/packed.js";
import program from "../vendored/micropython-program.js";
import { loadMicroPython } from "../vendored/micropython.js";
import files from "./python-files.js";
import { Tensor } from "./tensor.js";
import { callsFor } from "./small_torch/calls.js";

const HEAP = 4 * 1024 * 1024; // bytes at the start: it grows
const FILES = {
  // where they are in MicroPython's file system, and in this folder (python-files.js says why they are there)
  "/lib/torch/__init__.py": "small_torch/__init__.py",
  "/lib/torch/_tensor.py": "small_torch/_tensor.py",
  "/lib/torch/nn/__init__.py": "small_torch/nn/__init__.py",
  "/lib/torch/nn/functional.py": "small_torch/nn/functional.py",
  "/lib/_math.py": "small_torch/_math.py",
  "/lib/_page.py": "small_torch/_page.py",
  "/lib/judge.py": "judge.py",
  "/lib/syntax.py": "syntax.py",
  "/lib/tryout.py": "tryout.py",
};
const SMALL = {
  // modules that heads import out of habit; type hints do nothing here
  "/lib/__future__.py": "annotations = None\n",
  "/lib/typing.py": `
class Any:
    def __getitem__(self, kind):
        return self

def __getattr__(name):
    return Any()
`,
  "/lib/functools.py": `
def partial(function, *first, **given):
    return lambda *more, **named: function(*(first + more), **dict(given, **named))

def lru_cache(size=None, typed=False):
    return size if callable(size) else cache

def cache(function):
    return function

def wraps(function):
    return cache

def reduce(function, things, *start):
    things = iter(things)
    value = start[0] if start else next(things)
    for thing in things:
        value = function(value, thing)
    return value
`,
};

/** @param {{ print?: (line: string) => void }} options @returns {Promise<Python>} */
export async function startPython({ print = () => {} } = {}) {
  const wasmBinary = await unpack(program);
  const micropython = await loadMicroPython({ wasmBinary, heapsize: HEAP, stdout: print, linebuffer: true });
  const { FS } = micropython;
  for (const folder of ["/lib", "/lib/torch", "/lib/torch/nn"]) FS.mkdir(folder);
  for (const path in FILES) FS.writeFile(path, files[FILES[path]]);
  for (const path in SMALL) FS.writeFile(path, SMALL[path]);
  return new Python(micropython);
}

class Python {
  #micropython;
  #tryout = {}; // its functions, as they were before any typed code ran
  #tensors = []; // those that the last call handed over

  constructor(micropython) {
    this.#micropython = micropython;
    const hand = (tensor) => tensor instanceof Tensor && this.#tensors.push(tensor);
    micropython.registerJsModule("_torch", callsFor(hand));
    micropython.pyimport("_page");
    const tryout = micropython.pyimport("tryout");
    for (const name of ["read", "warm_up", "stages", "initialize", "attention"]) {
      this.#tryout[name] = tryout[name];
    }
    this.collectGarbage();
  }

  /**
   * Call a function of tryout.py, which takes tensors as they are in tensor.js.
   * @returns {{ reports: Array<[stage: string, message: ?string, hint: ?string, line: ?number]>,
   *             tensors: import("./tensor.js").Tensor[] }} what it reported, and handed over
   */
  call(name, ...given) {
    return this.listen(() => {}, name, ...given);
  }

  /** The same; `onReport` hears each report at once. */
  listen(onReport, name, ...given) {
    const reports = [];
    this.#tensors = [];
    const report = (...parts) => {
      reports.push(parts);
      onReport(...parts);
    };
    try {
      this.#tryout[name](report, ...given);
      return { reports, tensors: this.#tensors.splice(0) };
    } catch (error) {
      // a whole traceback: its last line says what happened
      throw new Error(error.message.trim().split("\n").at(-1), { cause: error });
    }
  }

  /** Print a line that has not ended yet. */
  flush() {
    this.#micropython.runPython("print()");
  }

  /** Python does not do so while it runs. */
  collectGarbage() {
    this.#micropython.runPython("import gc\ngc.collect()");
  }
}
