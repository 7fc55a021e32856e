/* The arithmetic of the model for WebAssembly: four numbers at a time. kernel.js has the same
   functions in plain JavaScript, and calls these; gpt.js says what they are for.

     clang --target=wasm32 -msimd128 -O3 -fno-builtin -nostdlib -Wl,--no-entry \
       -Wl,--import-memory -Wl,-z,stack-size=8192 -o kernel.wasm kernel.c

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

/* y (rows, n_out) = x (rows, n_in) wT, with weights w (n_out, n_in). */
void EXPORT(linear)(out y, in x, in w, int rows, int n_in, int n_out) {
  int r = 0;
  for (; r + 4 <= rows; r += 4, x += 4 * n_in, y += 4 * n_out) /* each weight is loaded once */
    for (int o = 0; o < n_out; o++) {
      in row = w + o * n_in;
      v128_t s0 = all(0), s1 = all(0), s2 = all(0), s3 = all(0);
      int i = 0;
      for (; i + 4 <= n_in; i += 4) {
        v128_t weights = load(row + i);
        s0 = add(s0, mul(weights, load(x + i)));
        s1 = add(s1, mul(weights, load(x + n_in + i)));
        s2 = add(s2, mul(weights, load(x + 2 * n_in + i)));
        s3 = add(s3, mul(weights, load(x + 3 * n_in + i)));
      }
      float t0 = sum(s0), t1 = sum(s1), t2 = sum(s2), t3 = sum(s3);
      for (; i < n_in; i++) {
        t0 += row[i] * x[i];
        t1 += row[i] * x[n_in + i];
        t2 += row[i] * x[2 * n_in + i];
        t3 += row[i] * x[3 * n_in + i];
      }
      y[o] = t0; y[n_out + o] = t1; y[2 * n_out + o] = t2; y[3 * n_out + o] = t3;
    }
  for (; r < rows; r++, x += n_in, y += n_out) {
    int o = 0;
    for (; o + 4 <= n_out; o += 4) { /* four outputs share what is loaded of x */
      in a = w + o * n_in, b = a + n_in, c = b + n_in, d = c + n_in;
      v128_t s0 = all(0), s1 = all(0), s2 = all(0), s3 = all(0);
      int i = 0;
      for (; i + 4 <= n_in; i += 4) {
        v128_t given = load(x + i);
        s0 = add(s0, mul(given, load(a + i)));
        s1 = add(s1, mul(given, load(b + i)));
        s2 = add(s2, mul(given, load(c + i)));
        s3 = add(s3, mul(given, load(d + i)));
      }
      float t0 = sum(s0), t1 = sum(s1), t2 = sum(s2), t3 = sum(s3);
      for (; i < n_in; i++) {
        t0 += x[i] * a[i];
        t1 += x[i] * b[i];
        t2 += x[i] * c[i];
        t3 += x[i] * d[i];
      }
      y[o] = t0; y[o + 1] = t1; y[o + 2] = t2; y[o + 3] = t3;
    }
    for (; o < n_out; o++) y[o] = dot(x, w + o * n_in, n_in);
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

/* e to the power of x: 2 to a whole number, times a polynomial for the rest. */
static inline v128_t exponential(v128_t x) {
  x = wasm_f32x4_max(wasm_f32x4_min(x, all(88)), all(-87));
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
  return mul(p, power);
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
  for (int i = 0; i < n; i++) {
    weights[i] = dot(q, keys + i * stride, size) * scale;
    if (weights[i] > highest) highest = weights[i];
  }
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
  for (int i = 0; i < size; i++) mixed[i] = 0;
  for (int j = 0; j < n; j++) {
    in value = values + j * stride;
    for (int i = 0; i < size; i++) mixed[i] += weights[j] * value[i];
  }
}
