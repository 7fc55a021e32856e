/** Numbers and tokens as people read them. */
import { END } from "../engine/tokenizer.js";

/** 951040 -> "951,040". */
export const count = (n) => english.format(n);

const english = new Intl.NumberFormat("en"); // made once: that takes longest

/** 0.754 -> "75%"; what is not quite 0 or not quite 1 is not rounded to it. */
export function percent(p) {
  if (p > 0 && p < 0.005) return "<1%";
  if (p < 1 && p >= 0.995) return ">99%";
  return `${Math.round(100 * p)}%`;
}

/** 2.3026 -> "2.30 nats, like guessing among 10 equal options". */
export function nats(loss) {
  const choices = Math.exp(loss);
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

/** A token in running text: its spaces stay; the ends of lines and of the text become visible. */
export function inText(token) {
  return token === END ? " (end)" : token.replaceAll("\n", "↵ ");
}

/** A token on its own: its spaces become visible, too, and a combining mark gets a circle. */
export function showWhitespace(token) {
  return token === END
    ? "(end)"
    : token
        .replaceAll(" ", "·")
        .replaceAll("\n", "↵")
        .replace(/^\p{M}/u, "◌$&");
}
