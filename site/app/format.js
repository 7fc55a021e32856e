/** Numbers and tokens as people read them. */
import { END } from "../engine/tokenizer.js";

/** 951040 -> "951,040". */
export const count = (n) => english.format(n);

const english = new Intl.NumberFormat("en"); // made once: that takes longest

/** A token in quotation marks, in a sentence: " dog" -> "dog", "\n" -> "↵", "<|endoftext|>" -> "(end)". */
export const inSentence = (token) => showWhitespace(token.trim() || token);

/** 1, "head" -> "1 head"; 2, "head" -> "2 heads". */
export const counted = (n, noun) => `${count(n)} ${n === 1 ? noun : `${noun}s`}`;

/** 0.754 -> "75%"; what is not quite 0 or not quite 1 is not rounded to it. */
export function percent(p) {
  if (p > 0 && p < 0.005) return "<1%";
  if (p < 1 && p >= 0.995) return ">99%";
  return `${Math.round(100 * p)}%`;
}

/**
 * 2.3026 -> "2.30 nats, like guessing among 10 equal options". A loss may be higher than that of guessing
 * blindly: then there are not so many options; and where only one is left, nothing is guessed. @param {number} loss @param {number} [most] the options there are
 */
export function nats(loss, most = Infinity) {
  const choices = Math.exp(loss);
  if (Math.round(choices) > most) {
    return `${loss.toFixed(2)} nats, worse than guessing blindly among all ${count(most)} tokens`;
  }
  if (choices < 1.05) return `${loss.toFixed(2)} nats, almost none`;
  const among = choices < 9.95 ? choices.toFixed(1) : count(Math.round(choices));
  return `${loss.toFixed(2)} nats, like guessing among ${among} equal options`;
}

/** 150 -> "2 min 30 s". */
export function duration(seconds) {
  const total = Math.round(seconds);
  const minutes = Math.floor(total / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return minutes ? `${minutes} min ${total % 60} s` : `${total} s`;
}

/** "step 300" -> "Step 300". */
export const capitalized = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** A token in running text: its spaces stay; the ends of lines and of the text become visible. */
export function inText(token) {
  return token === END ? " (end)" : token.replaceAll("\n", "↵ ");
}

/** Whether a text, given as its tokens, was not over yet when the model was stopped. */
export const isCut = (tokens) => tokens.at(-1) !== END;

/**
 * A token on its own: its spaces become visible, too, and so does whatever else would not be seen; a
 * combining mark gets a circle.
 */
export function showWhitespace(token) {
  return token === END
    ? "(end)"
    : token
        .replaceAll(" ", "·")
        .replaceAll("\n", "↵")
        .replace(INVISIBLE, symbolOf)
        .replace(/^[\u200c\u200d\ufe0e\ufe0f]$/u, symbolOf) // between letters, it has its work
        .replace(/^\p{M}/u, "◌$&");
}

/** Control characters, other spaces, and what changes the direction of a text. */
const INVISIBLE = /[\p{Cc}\p{Zs}\p{Zl}\p{Zp}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;

/** Unicode has pictures of the first control characters: that of a tab is ␉. */
function symbolOf(character) {
  const code = character.codePointAt(0);
  if (code < 32) return String.fromCodePoint(0x2400 + code);
  return `[U+${code.toString(16).toUpperCase().padStart(4, "0")}]`;
}

/** A token as it is read aloud: " girl" is "space girl". */
export function spoken(token) {
  if (token === END) return "end of text";
  const words = Array.from(token, (character) => {
    const name = NAMES[character];
    return name ? ` ${name} ` : character;
  });
  return words.join("").replace(/\s+/g, " ").trim();
}

/** What is silent, or a pause, when a text is read aloud. */
const NAMES = {
  " ": "space",
  "\n": "new line",
  "\t": "tab",
  "\r": "carriage return",
  ".": "full stop",
  ",": "comma",
  "!": "exclamation mark",
  "?": "question mark",
  ":": "colon",
  ";": "semicolon",
  "-": "hyphen",
  "'": "apostrophe",
  "’": "apostrophe",
  '"': "quotation mark",
  "“": "opening quotation mark",
  "”": "closing quotation mark",
};

const ordinals = new Intl.PluralRules("en", { type: "ordinal" });
const ENDINGS = { one: "st", two: "nd", few: "rd", other: "th" };

/** 7 -> "7th". */
export const ordinal = (n) => `${count(n)}${ENDINGS[ordinals.select(n)]}`;
