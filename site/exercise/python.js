/**
 * Python in a page or a module worker: MicroPython, with a small torch and the modules that test heads.
 *
 *   const python = await startPython({ print: (line) => … });
 *   const [says] = python.ask("read", source, "attention");     // a function of tryout.py
 *   python.tidy();                                              // after each run: gives memory back
 *
 * Python that never ends can only be stopped together with its worker. There can be one Python in a page or
 * worker: the loader keeps its objects in globals.
 */
import { loadMicroPython } from "../vendored/micropython.mjs";
import { Tensor } from "./tensor.js";
import { callsFor } from "./small_torch/calls.js";

const HEAP = 4 * 1024 * 1024;  // bytes at the start: it grows
const FILES = {  // where they are in MicroPython's file system, and here
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
const SMALL = {  // modules that heads import out of habit; type hints do nothing here
  "/lib/__future__.py": "annotations = None\n",
  "/lib/typing.py": "class Any:\n    def __getitem__(self, kind):\n        return self\n\n"
    + "def __getattr__(name):\n    return Any()\n",
  "/lib/functools.py": "def partial(function, *first, **given):\n"
    + "    return lambda *more, **named: function(*(first + more), **dict(given, **named))\n\n"
    + "def lru_cache(size=None, typed=False):\n"
    + "    return size if callable(size) else lambda function: function\n\n"
    + "def cache(function):\n    return function\n\n"
    + "def wraps(function):\n    return lambda other: other\n\n"
    + "def reduce(function, things, *start):\n"
    + "    things = iter(things)\n    value = start[0] if start else next(things)\n"
    + "    for thing in things:\n        value = function(value, thing)\n    return value\n",
};

/**
 * Start Python.
 * @param {{ print?: (line: string) => void }} options what to do with a printed line
 * @returns {Promise<Python>}
 */
export async function startPython({ print = () => {} } = {}) {
  const [micropython, ...texts] = await Promise.all([
    loadMicroPython({ heapsize: HEAP, stdout: print, linebuffer: true }),
    ...Object.values(FILES).map(text)]);
  const files = { ...Object.fromEntries(Object.keys(FILES).map((path, i) => [path, texts[i]])),
    ...SMALL };
  for (const folder of ["/lib", "/lib/torch", "/lib/torch/nn"]) micropython.FS.mkdir(folder);
  for (const path in files) micropython.FS.writeFile(path, files[path]);
  return new Python(micropython);
}

async function text(address) {
  const answer = await fetch(new URL(address, import.meta.url));
  if (!answer.ok) throw new Error(`${address.split("/").at(-1)} is missing (${answer.status}).`);
  return answer.text();
}

class Python {
  #micropython;
  #tryout = {};  // its functions, as they were before any typed code ran
  #handed = [];  // the tensors that the last call handed over

  constructor(micropython) {
    this.#micropython = micropython;
    const hand = (tensor) => tensor instanceof Tensor && this.#handed.push(tensor);
    micropython.registerJsModule("_torch", callsFor(hand));
    micropython.pyimport("_page");
    const tryout = micropython.pyimport("tryout");
    for (const name of ["read", "warm_up", "stages", "put_in", "mix"]) this.#tryout[name] = tryout[name];
    this.tidy();
  }

  /**
   * Call a function of tryout.py, which takes tensors as they are in tensor.js.
   * @returns {[any, import("./tensor.js").Tensor[]]} what it returns, and what it hands over
   */
  ask(name, ...given) {
    this.#handed = [];
    try {
      const result = this.#tryout[name](...given);
      return [result, this.#handed.splice(0)];
    } catch (error) {  // a whole traceback: its last line says what happened
      throw new Error(error.message.trim().split("\n").at(-1));
    }
  }

  /** Print a line that has not ended yet. */
  flush() {
    this.#micropython.runPython("print()");
  }

  /** Give back the memory that nobody needs any more: Python does not do so while it runs. */
  tidy() {
    this.#micropython.runPython("import gc\ngc.collect()");
  }
}
