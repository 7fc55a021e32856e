/**
 * What somebody has answered in the lessons. It stays in this browser, and they may delete it.
 *
 *   remember("01-the-task", "what-next", { run: "stories", question, answer, why, isRight: true });
 *   remembered("01-the-task")     // { "what-next": { … } }
 *
 * @typedef {{ run: string, question: string, choice: number, answer: string, why: string,
 *   isRight: boolean | null, day: string }} Answer isRight is null where there is no right or wrong
 */
const KEY = "terrarium.lessons";
export const HEADS = "terrarium/write/"; // what the names of heads in the browser's storage begin with

/** Everything, by lesson and the name of a question. A browser may forbid to keep it, or somebody may have changed it. */
export function allAnswers() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof found === "object" && found !== null ? found : {};
  } catch {
    return {};
  }
}

/** @param {string} lesson @returns {Object<string, Answer>} */
export const remembered = (lesson) => allAnswers()[lesson] ?? {};

/** @param {string} lesson @param {string} name @param {Omit<Answer, "day"> | null} answer null: it is forgotten */
export function remember(lesson, name, answer) {
  const all = allAnswers();
  const day = new Date().toISOString().slice(0, 10);
  all[lesson] = { ...all[lesson], [name]: answer && { ...answer, day } };
  if (!answer) delete all[lesson][name];
  save(all);
}

/** Delete all answers, and the heads that somebody has written. */
export function forgetAll() {
  save({});
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(HEADS)) localStorage.removeItem(key);
  } catch {
    // a browser that keeps nothing
  }
}

function save(all) {
  try {
    localStorage.setItem(KEY, JSON.stringify(all));
  } catch {
    // it is not kept, which costs nothing now
  }
}
