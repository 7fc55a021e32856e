/**
 * The random numbers of Python, for what has to be shuffled as train.py shuffles it: the Mersenne Twister, as
 * `random.Random(seed)` for a seed from 0 to 2³² - 1.
 *
 *   pythonRandom(0).shuffle(list)     // in place
 */
const N = 624;
const M = 397;

export function pythonRandom(seed) {
  const state = seeded(seed);
  let index = N;

  /** 32 random bits. */
  function next() {
    if (index === N) {
      twist(state);
      index = 0;
    }
    let y = state[index++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** A whole number from 0 to n - 1. */
  function below(n) {
    const bits = 32 - Math.clz32(n);
    for (;;) {
      const found = next() >>> (32 - bits);
      if (found < n) return found;
    }
  }

  return {
    shuffle(list) {
      for (let i = list.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [list[i], list[j]] = [list[j], list[i]];
      }
    },
  };
}

/** The state after `init_by_array` with one number, which is how Python begins. */
function seeded(seed) {
  const state = new Uint32Array(N);
  state[0] = 19650218;
  for (let i = 1; i < N; i++) state[i] = Math.imul(1812433253, mixed(state, i)) + i;
  let i = 1;
  for (let n = 0; n < N; n++) {
    state[i] = (state[i] ^ Math.imul(mixed(state, i), 1664525)) + seed;
    i = following(state, i);
  }
  for (let n = 0; n < N - 1; n++) {
    state[i] = (state[i] ^ Math.imul(mixed(state, i), 1566083941)) - i;
    i = following(state, i);
  }
  state[0] = 0x80000000;
  return state;
}

const mixed = (state, i) => state[i - 1] ^ (state[i - 1] >>> 30);

/** The next index; at the end, the last number goes to the front. */
function following(state, i) {
  if (i + 1 < N) return i + 1;
  state[0] = state[N - 1];
  return 1;
}

function twist(state) {
  for (let i = 0; i < N; i++) {
    const bits = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff);
    state[i] = state[(i + M) % N] ^ (bits >>> 1) ^ (bits & 1 ? 0x9908b0df : 0);
  }
}
