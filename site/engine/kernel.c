/* The arithmetic of the model for WebAssembly: four numbers at a time. kernel.js has the same
   functions in JavaScript, and calls these (plus, look and mix have the names add, attentionWeights
   and weightedSum there); gpt.js says what they are for.

     clang-16 --target=wasm32 -msimd128 -O3 -fno-vectorize -mllvm -unroll-runtime=0 -fno-builtin \
       -nostdlib -Wl,--no-entry -Wl,--import-memory -Wl,-z,stack-size=8192 -Wl,--strip-all \
       -o kernel.wasm kernel.c

   The loops that take time are written with vectors. If the compiler unrolls and vectorizes the rest
   as well, the program is half as large again, and no faster.

   Matrices are stored row by row. A weight matrix has a row for each output: (n_out, n_in). */
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name))) name
typedef const float *restrict in;
typedef float *restrict out;

extern unsigned char __heap_base;
void *EXPORT(heap)(void) { return &__heap_base; } /* memory is free from here on */

static inline v128_t load(const float *p) { return wasm_v128_load(p); }
static inline v128_t mul(v128_t a, v128_t b) { return wasm_f32x4_mul(a, b); }
static inline v128_t add(v128_t a, v128_t b) { return wasm_f32x4_add(a, b); }
static inline v128_t all(float x) { return wasm_f32x4_splat(x); }

static inline float sum(v128_t x) {
  return wasm_f32x4_extract_lane(x, 0) + wasm_f32x4_extract_lane(x, 1) +
         wasm_f32x4_extract_lane(x, 2) + wasm_f32x4_extract_lane(x, 3);
}

/* The sums of four fours, side by side. */
static inline v128_t sums(v128_t a, v128_t b, v128_t c, v128_t d) {
  v128_t ab = add(wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), wasm_i32x4_shuffle(a, b, 2, 6, 3, 7));
  v128_t cd = add(wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), wasm_i32x4_shuffle(c, d, 2, 6, 3, 7));
  return add(wasm_i32x4_shuffle(ab, cd, 0, 1, 4, 5), wasm_i32x4_shuffle(ab, cd, 2, 3, 6, 7));
}

static float dot(const float *a, const float *b, int n) {
  v128_t s = all(0), t = all(0);
  int i = 0;
  for (; i + 8 <= n; i += 8) {
    s = add(s, mul(load(a + i), load(b + i)));
    t = add(t, mul(load(a + i + 4), load(b + i + 4)));
  }
  float total = sum(add(s, t));
  for (; i < n; i++) total += a[i] * b[i];
  return total;
}

/* Products of x (n) with four rows, side by side. */
static inline v128_t dot4(const float *x, const float *const row[4], int n) {
  v128_t s[4] = {0};
  float rest[4] = {0};
  int i = 0;
  for (; i + 4 <= n; i += 4) {
    v128_t given = load(x + i);
    for (int k = 0; k < 4; k++) s[k] = add(s[k], mul(given, load(row[k] + i)));
  }
  for (; i < n; i++)
    for (int k = 0; k < 4; k++) rest[k] += x[i] * row[k][i];
  return add(sums(s[0], s[1], s[2], s[3]), load(rest));
}

/* y (rows, n_out) = x (rows, n_in) wT, with weights w (n_out, n_in). */
void EXPORT(linear)(out y, in x, in w, int rows, int n_in, int n_out) {
  for (int r = 0; r < rows; r++, x += n_in, y += n_out) {
    int o = 0;
    for (; o + 4 <= n_out; o += 4) { /* four outputs share what is loaded of x */
      in a = w + o * n_in;
      const float *const four[4] = {a, a + n_in, a + 2 * n_in, a + 3 * n_in};
      wasm_v128_store(y + o, dot4(x, four, n_in));
    }
    for (; o < n_out; o++) y[o] = dot(x, w + o * n_in, n_in);
  }
}

static inline v128_t whole(v128_t a, v128_t b) { /* eight whole numbers of 16 bits */
  return wasm_i16x8_narrow_i32x4(wasm_i32x4_trunc_sat_f32x4(a), wasm_i32x4_trunc_sat_f32x4(b));
}

/* x (n) as whole numbers: x = unit (high + low / 65534), which keeps more digits than x has.
   Returns unit. */
static float split(const float *x, short *high, short *low, int n) {
  float largest = 1e-30f;
  v128_t most = all(largest);
  int i = 0;
  for (; i + 4 <= n; i += 4) most = wasm_f32x4_pmax(most, wasm_f32x4_abs(load(x + i)));
  for (int k = 0; k < 4; k++, most = wasm_i32x4_shuffle(most, most, 1, 2, 3, 0))
    if (wasm_f32x4_extract_lane(most, 0) > largest) largest = wasm_f32x4_extract_lane(most, 0);
  for (; i < n; i++)
    if (__builtin_fabsf(x[i]) > largest) largest = __builtin_fabsf(x[i]);

  float per_unit = 32767 / largest;
  for (i = 0; i + 8 <= n; i += 8) {
    v128_t a = mul(load(x + i), all(per_unit)), b = mul(load(x + i + 4), all(per_unit));
    v128_t c = wasm_f32x4_nearest(a), d = wasm_f32x4_nearest(b);
    wasm_v128_store(high + i, whole(c, d));
    a = mul(wasm_f32x4_sub(a, c), all(65534));
    b = mul(wasm_f32x4_sub(b, d), all(65534));
    wasm_v128_store(low + i, whole(wasm_f32x4_nearest(a), wasm_f32x4_nearest(b)));
  }
  for (; i < n; i++) {
    float scaled = x[i] * per_unit, near = __builtin_rintf(scaled);
    high[i] = (short)near;
    low[i] = (short)__builtin_rintf((scaled - near) * 65534);
  }
  return largest / 32767;
}

#define MOST 2048 /* so many products of 16 and 8 bits can be added up in 32 */

/* Products of four rows of w (n weights of 8 bits each) with x that was split, added up. */
static v128_t dot8(const short *high, const short *low, const signed char *const w[4], int n) {
  v128_t total = all(0);
  for (int from = 0; from < n; from += MOST) {
    int i = from, end = from + MOST < n ? from + MOST : n;
    v128_t s[4] = {0}, t[4] = {0}, joined[4];
    for (; i + 8 <= end; i += 8) {
      v128_t h = wasm_v128_load(high + i), l = wasm_v128_load(low + i);
      for (int k = 0; k < 4; k++) {
        v128_t weights = wasm_i16x8_load8x8(w[k] + i);
        s[k] = wasm_i32x4_add(s[k], wasm_i32x4_dot_i16x8(weights, h));
        t[k] = wasm_i32x4_add(t[k], wasm_i32x4_dot_i16x8(weights, l));
      }
    }
    for (int k = 0; k < 4; k++) {
      int rest = 0, small = 0;
      for (int j = i; j < end; j++) {
        rest += w[k][j] * high[j];
        small += w[k][j] * low[j];
      }
      s[k] = wasm_i32x4_add(s[k], wasm_i32x4_make(rest, 0, 0, 0));
      t[k] = wasm_i32x4_add(t[k], wasm_i32x4_make(small, 0, 0, 0));
      joined[k] = add(wasm_f32x4_convert_i32x4(s[k]),
                      mul(wasm_f32x4_convert_i32x4(t[k]), all(1.0f / 65534)));
    }
    total = add(total, sums(joined[0], joined[1], joined[2], joined[3]));
  }
  return total;
}

/* The same with weights of 8 bits: output o is scales[o] times what the whole numbers give. They
   stay small, since most of the time goes by with fetching weights. room: for n_in numbers. */
void EXPORT(linear8)(out y, in x, const signed char *restrict w, in scales, int rows, int n_in,
                     int n_out, short *restrict room) {
  short *high = room, *low = room + n_in;
  for (int r = 0; r < rows; r++, x += n_in, y += n_out) {
    float unit = split(x, high, low, n_in);
    for (int o = 0; o < n_out; o += 4) {
      const signed char *four[4];
      float found[4];
      for (int k = 0; k < 4; k++) four[k] = w + (o + k < n_out ? o + k : o) * n_in;
      wasm_v128_store(found, dot8(high, low, four, n_in));
      for (int k = 0; k < 4 && o + k < n_out; k++) y[o + k] = found[k] * unit * scales[o + k];
    }
  }
}

/* y = x with each row (n) brought to mean 0 and variance 1, times weight, plus bias. */
void EXPORT(norm)(out y, in x, in weight, in bias, int rows, int n) {
  for (int r = 0; r < rows; r++, x += n, y += n) {
    v128_t four = all(0);
    int i = 0;
    for (; i + 4 <= n; i += 4) four = add(four, load(x + i));
    float mean = sum(four);
    for (; i < n; i++) mean += x[i];
    mean /= n;
    for (i = 0; i < n; i++) y[i] = x[i] - mean;
    float scale = 1 / __builtin_sqrtf(dot(y, y, n) / n + 1e-5f);
    for (i = 0; i < n; i++) y[i] = y[i] * scale * weight[i] + bias[i];
  }
}

/* e to the power of x: 2 to a whole number, times a polynomial for the rest. Below e to the -70 it
   is 0: processors take a hundred times as long for the tiniest numbers there are. */
static inline v128_t exponential(v128_t x) {
  v128_t counts = wasm_f32x4_gt(x, all(-70));
  x = wasm_f32x4_max(wasm_f32x4_min(x, all(88)), all(-70));
  v128_t whole = wasm_f32x4_nearest(mul(x, all(1.44269504f)));
  v128_t rest = wasm_f32x4_sub(wasm_f32x4_sub(x, mul(whole, all(0.693359375f))),
                               mul(whole, all(-2.12194440e-4f)));
  v128_t p = all(1.0f / 720);
  p = add(mul(p, rest), all(1.0f / 120));
  p = add(mul(p, rest), all(1.0f / 24));
  p = add(mul(p, rest), all(1.0f / 6));
  p = add(mul(p, rest), all(0.5f));
  p = add(mul(p, rest), all(1));
  p = add(mul(p, rest), all(1));
  v128_t power = wasm_i32x4_shl(
      wasm_i32x4_add(wasm_i32x4_trunc_sat_f32x4(whole), wasm_i32x4_splat(127)), 23);
  return wasm_v128_and(mul(p, power), counts);
}

/* x/2 (1 + erf(x/sqrt 2)); erf to 1.5e-7 by formula 7.1.26 of Abramowitz and Stegun. */
static inline v128_t gelu_of(v128_t x) {
  v128_t z = mul(wasm_f32x4_abs(x), all(0.70710678f));
  v128_t t = wasm_f32x4_div(all(1), add(all(1), mul(all(0.3275911f), z)));
  v128_t p = all(1.061405429f);
  p = add(mul(p, t), all(-1.453152027f));
  p = add(mul(p, t), all(1.421413741f));
  p = add(mul(p, t), all(-0.284496736f));
  p = mul(add(mul(p, t), all(0.254829592f)), t);
  v128_t tail = mul(p, exponential(wasm_f32x4_neg(mul(z, z)))); /* 1 - erf(z) */
  v128_t below = wasm_f32x4_lt(x, all(0));
  v128_t share = wasm_v128_bitselect(tail, wasm_f32x4_sub(all(2), tail), below);
  return mul(mul(x, all(0.5f)), share);
}

/* What a lane-wise function makes of x (n), in place; x has room for whole fours. */
void EXPORT(gelu)(out x, int n) {
  for (int i = 0; i < n; i += 4) wasm_v128_store(x + i, gelu_of(load(x + i)));
}

/* sum = a + b, all of n numbers. */
void EXPORT(plus)(float *total, const float *a, const float *b, int n) {
  for (int i = 0; i < n; i++) total[i] = a[i] + b[i];
}

/* One head, one token: weights (n) = softmax of q (size) times each key, scaled. A key's head
   starts `stride` numbers after the one before; weights has room for whole fours. */
void EXPORT(look)(out weights, in q, in keys, int n, int size, int stride) {
  float scale = 1 / __builtin_sqrtf(size), highest = -3e38f;
  int j = 0;
  for (; j + 4 <= n; j += 4) {
    in a = keys + j * stride;
    const float *const four[4] = {a, a + stride, a + 2 * stride, a + 3 * stride};
    wasm_v128_store(weights + j, mul(dot4(q, four, size), all(scale)));
  }
  for (; j < n; j++) weights[j] = dot(q, keys + j * stride, size) * scale;
  for (int i = 0; i < n; i++)
    if (weights[i] > highest) highest = weights[i];
  for (int i = n; i & 3; i++) weights[i] = -3e38f;
  v128_t total = all(0);
  for (int i = 0; i < n; i += 4) {
    v128_t e = exponential(wasm_f32x4_sub(load(weights + i), all(highest)));
    wasm_v128_store(weights + i, e);
    total = add(total, e);
  }
  v128_t share = all(1 / sum(total));
  for (int i = 0; i < n; i += 4) wasm_v128_store(weights + i, mul(load(weights + i), share));
  for (int i = n; i & 3; i++) weights[i] = 0;
}

/* mixed (size) = the values (n of them, `stride` numbers apart), each times its weight. */
void EXPORT(mix)(out mixed, in weights, in values, int n, int size, int stride) {
  int i = 0;
  for (; i + 8 <= size; i += 8) {
    v128_t low = all(0), high = all(0);
    for (int j = 0; j < n; j++) {
      v128_t weight = all(weights[j]);
      low = add(low, mul(weight, load(values + j * stride + i)));
      high = add(high, mul(weight, load(values + j * stride + i + 4)));
    }
    wasm_v128_store(mixed + i, low);
    wasm_v128_store(mixed + i + 4, high);
  }
  for (; i < size; i++) {
    mixed[i] = 0;
    for (int j = 0; j < n; j++) mixed[i] += weights[j] * values[j * stride + i];
  }
}
