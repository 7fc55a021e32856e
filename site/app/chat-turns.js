/**
 * What a visitor said in a conversation with the model, turn by turn, as it is written in the address:
 *
 *   my name is luna                  a line for each turn
 *   7_what is my name?               its reply is drawn with seed 7; otherwise, with the one after that of the
 *                                    turn before, and with 2 in the first: as `show_model.py chat` does it
 *   7.12_what is my name?            the reply was stopped after 12 tokens
 *
 * All replies follow from that, so a link leads to the whole conversation.
 *
 * @typedef {{ text: string, seed: number, limit: number | null }} Turn
 */

export const MAX_LINE = 200; // characters of what somebody says at once
const MAX_CHARACTERS = 2500; // of the whole: it stands in the address

const FIRST_SEED = 2;
const LINE = /^(?:(\d{1,9})(?:\.(\d{1,5}))?_)?(.*)$/su;

/** @param {string} text @returns {Turn[]} */
export function parseTurns(text) {
  const turns = [];
  for (const line of text.split("\n").filter(Boolean)) {
    const [, seed, limit, said] = LINE.exec(line);
    turns.push({
      text: plain(said),
      seed: seed === undefined ? nextSeed(turns) : Number(seed),
      limit: limit === undefined ? null : Number(limit),
    });
  }
  return turns.filter((one) => one.text.trim() !== "");
}

/** @param {Turn[]} turns */
export const formatTurns = (turns) => turns.map((turn, i) => formatTurn(turn, turns.slice(0, i))).join("\n");

/** @param {Turn} turn @param {Turn[]} before */
function formatTurn({ text, seed, limit }, before) {
  if (limit !== null) return `${seed}.${limit}_${text}`;
  const isUsual = seed === nextSeed(before) && LINE.exec(text)[1] === undefined;
  return isUsual ? text : `${seed}_${text}`;
}

/** The seed of the reply to what is said next. @param {Turn[]} turns */
export const nextSeed = (turns) => (turns.length ? turns.at(-1).seed + 1 : FIRST_SEED);

/** One line of at most MAX_LINE characters. @param {string} text */
export const plain = (text) =>
  text
    .replace(/\s+/g, " ")
    .slice(0, MAX_LINE)
    .replace(/[\ud800-\udbff]$/, "");

/** Whether there is room for another turn. @param {Turn[]} turns */
export const hasRoom = (turns) => formatTurns(turns).length + MAX_LINE <= MAX_CHARACTERS;

/** As many of the turns as fit. @param {string} text */
export function fitTurns(text) {
  const turns = parseTurns(text);
  while (formatTurns(turns).length > MAX_CHARACTERS) turns.pop();
  return formatTurns(turns);
}

/**
 * The token of a reply that says most about where it comes from: the first of the longest piece that somebody told
 * earlier, and did not say again in the question. If there are several, the one that was least a matter of course. If
 * there is none, the first of which the model was not sure.
 * @param {{ id: number, p: number }[]} tokens @param {number[][]} told earlier, line by line
 * @param {number[]} asked just now @param {(id: number) => boolean} isWord
 * @returns {number} its index
 */
export function tellingToken(tokens, told, asked, isWord) {
  const isTold = ({ id }) => isWord(id) && !asked.includes(id);
  const best = tokens
    .map((token, index) => ({
      index,
      p: token.p,
      length: isTold(token) ? longestCopy(tokens, index, told) : 0,
    }))
    .filter(({ length }) => length > 0)
    .sort((a, b) => b.length - a.length || a.p - b.p)[0];
  return (
    best?.index ??
    Math.max(
      0,
      tokens.findIndex(({ p }) => p < 0.5),
    )
  );
}

/** How many tokens from an index on stand one after the other in a line. */
function longestCopy(tokens, index, lines) {
  const lengthAt = (line, start) => {
    let n = 0;
    while (line[start + n] !== undefined && line[start + n] === tokens[index + n]?.id) n++;
    return n;
  };
  return Math.max(0, ...lines.flatMap((line) => line.map((_, start) => lengthAt(line, start))));
}
