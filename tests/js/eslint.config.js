// What finds faults in the site's own JavaScript; nothing about layout. Paths are those of the repository.

import js from "@eslint/js";
import globals from "globals";

const rules = {
  ...js.configs.recommended.rules,
  "array-callback-return": "error",
  "default-param-last": "error",
  eqeqeq: "error",
  "no-misleading-character-class": ["error", { allowEscape: true }],
  "no-template-curly-in-string": "error",
  "no-unused-expressions": "error",
  "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
  "no-var": "error",
  "one-var": ["error", "never"],
  "prefer-const": ["error", { destructuring: "all" }],
};

/** Globals that are more often a variable somebody forgot to declare. */
const CONFUSING = [
  "close",
  "event",
  "external",
  "find",
  "length",
  "name",
  "open",
  "origin",
  "parent",
  "print",
  "scroll",
  "status",
  "stop",
  "top",
];

const without = (names) =>
  Object.fromEntries(Object.entries(names).filter(([name]) => !CONFUSING.includes(name)));

export default [
  {
    files: ["site/app/**/*.js", "site/figures/**/*.js"],
    languageOptions: { globals: without(globals.browser) },
    rules,
  },
  {
    files: ["site/engine/**/*.js", "site/exercise/**/*.js"],
    languageOptions: { globals: without(globals.worker) },
    rules,
  },
];
