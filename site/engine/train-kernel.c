/* The arithmetic of training for WebAssembly. train-kernel.js has the same functions in JavaScript;
   train.js says what each operation is, and where its gradients come from.

     for KIND in "-o train-kernel.wasm" "-mrelaxed-simd -o train-kernel-fused.wasm"; do
       clang-16 --target=wasm32 -msimd128 -O3 -fno-builtin -nostdlib -Wl,--no-entry \
         -Wl,--import-memory -Wl,-z,stack-size=8192 $KIND train-kernel.c
     done

   The second program multiplies and adds in one instruction, for browsers that have it. Matrices are
   stored row by row. A function with a last argument `adds` adds to what is there if it is not 0:
   several operations may contribute to one gradient. */
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name))) name
typedef const float *restrict in;
typedef float *restrict out;

static inline v128_t load(const float *p) { return wasm_v128_load(p); }
static inline v128_t interleave_low(v128_t a, v128_t b) { return wasm_i32x4_shuffle(a, b, 0, 4, 1, 5); }
static inline v128_t interleave_high(v128_t a, v128_t b) { return wasm_i32x4_shuffle(a, b, 2, 6, 3, 7); }

static inline v128_t multiply_add(v128_t a, v128_t b, v128_t c) {
#ifdef __wasm_relaxed_simd__
  return __builtin_wasm_relaxed_madd_f32x4(a, b, c);
#else
  return wasm_f32x4_add(wasm_f32x4_mul(a, b), c);
#endif
}

static inline int least(int a, int b) { return a < b ? a : b; }

/* ---------------------------------------------------------------------------------------------------
   Products of matrices. Most of the time of a training goes by here. */

#define DEPTH 256   /* so many products are added up at once: */
#define COLUMNS 128 /* a block of b of this size stays in the cache of second level, */
#define ROWS 16     /* and so many rows of a in that of first level */
#define ACROSS 8    /* columns of a tile of the result, whose sums stay in registers */
#define DOWN 4      /* rows of a tile */

extern unsigned char __heap_base;
#define PANELS ((float *)&__heap_base)       /* a block of b, ACROSS columns after ACROSS columns */
#define STRIPS (PANELS + DEPTH * COLUMNS)    /* some rows of a, DOWN rows after DOWN rows */
#define FREE (STRIPS + ROWS * DEPTH)
void *EXPORT(heap)(void) { return FREE; } /* memory is free from here on */

/* Four lines of four numbers: what stood in a line stands in a column. */
static inline void transpose4(float *to, int step, const float *from, int across) {
  v128_t a = load(from), b = load(from + across);
  v128_t c = load(from + 2 * across), d = load(from + 3 * across);
  v128_t ab = interleave_low(a, b), cd = interleave_low(c, d);
  wasm_v128_store(to, wasm_i64x2_shuffle(ab, cd, 0, 2));
  wasm_v128_store(to + step, wasm_i64x2_shuffle(ab, cd, 1, 3));
  ab = interleave_high(a, b), cd = interleave_high(c, d);
  wasm_v128_store(to + 2 * step, wasm_i64x2_shuffle(ab, cd, 0, 2));
  wasm_v128_store(to + 3 * step, wasm_i64x2_shuffle(ab, cd, 1, 3));
}

/* Copy n lines of `depth` numbers so that `width` lines at a time stand side by side: number k of each
   of them, then number k + 1 of each. What is missing to whole groups of lines is 0. The lines are
   `across` numbers apart, the numbers of a line `along`: a matrix or, without further ado, its transpose. */
static inline void pack(float *to, const float *from, int width, int n, int depth, int across, int along) {
  for (int i = 0; i < n; i += width, to += depth * width, from += width * across) {
    int is_whole = i + width <= n, k = 0;
    if (is_whole && along == 1)
      for (; k + 4 <= depth; k += 4)
        for (int g = 0; g < width; g += 4) transpose4(to + k * width + g, width, from + g * across + k, across);
    if (is_whole && across == 1)
      for (; k < depth; k++)
        for (int g = 0; g < width; g += 4) wasm_v128_store(to + k * width + g, load(from + k * along + g));
    for (; k < depth; k++)
      for (int g = 0; g < width; g++) to[k * width + g] = i + g < n ? from[g * across + k * along] : 0;
  }
}

/* c (DOWN, ACROSS) = or += a strip times a panel. */
static inline void tile(float *c, int stride, const float *a, const float *b, int depth, int adds) {
  v128_t sums[DOWN][2] = {0};
  if (adds)
    for (int r = 0; r < DOWN; r++) {
      sums[r][0] = load(c + r * stride);
      sums[r][1] = load(c + r * stride + 4);
    }
  for (int k = 0; k < depth; k++, a += DOWN, b += ACROSS) {
    v128_t left = load(b), right = load(b + 4);
    for (int r = 0; r < DOWN; r++) {
      v128_t one = wasm_v128_load32_splat(a + r);
      sums[r][0] = multiply_add(one, left, sums[r][0]);
      sums[r][1] = multiply_add(one, right, sums[r][1]);
    }
  }
  for (int r = 0; r < DOWN; r++) {
    wasm_v128_store(c + r * stride, sums[r][0]);
    wasm_v128_store(c + r * stride + 4, sums[r][1]);
  }
}

/* The same where less than a whole tile is left. */
static void part_of_tile(float *c, int stride, const float *a, const float *b, int depth, int adds, int rows,
                         int columns) {
  float whole[DOWN * ACROSS];
  tile(whole, ACROSS, a, b, depth, 0);
  for (int r = 0; r < least(rows, DOWN); r++)
    for (int j = 0; j < least(columns, ACROSS); j++) {
      float before = adds ? c[r * stride + j] : 0;
      c[r * stride + j] = before + whole[r * ACROSS + j];
    }
}

/* What is known to be 0, or not wanted, is left out: above the diagonal of the result, or of a, or
   below the diagonal of a. So a causal mask saves half of the work. */
enum { ALL, LOWER_RESULT, LOWER_A, UPPER_A };

/* c (rows, columns) = or += a (rows, depth) b (depth, columns). Neighbours in a column and in a row of
   a are a_down and a_across numbers apart, one of the two 1; b likewise; c has a stride alone. */
void EXPORT(multiply)(float *c, int stride, const float *a, int a_down, int a_across, const float *b, int b_down,
                      int b_across, int rows, int columns, int depth, int kind, int adds) {
  if (kind == UPPER_A && !adds)
    for (int i = 0; i < rows; i++)
      for (int j = 0; j < columns; j++) c[i * stride + j] = 0;
  for (int k0 = 0; k0 < depth; k0 += DEPTH) {
    int nk = least(DEPTH, depth - k0), adds_here = adds || k0 > 0 || kind == UPPER_A;
    for (int j0 = 0; j0 < columns; j0 += COLUMNS) {
      int nj = least(COLUMNS, columns - j0);
      pack(PANELS, b + k0 * b_down + j0 * b_across, ACROSS, nj, nk, b_across, b_down);
      for (int i0 = 0; i0 < rows; i0 += ROWS) {
        int ni = least(ROWS, rows - i0);
        pack(STRIPS, a + i0 * a_down + k0 * a_across, DOWN, ni, nk, a_down, a_across);
        for (int j = 0; j < nj; j += ACROSS)
          for (int i = 0; i < ni; i += DOWN) {
            int row = i0 + i, first = 0, last = nk;
            if (kind == LOWER_RESULT && j0 + j >= row + DOWN) continue;
            if (kind == LOWER_A) last = least(nk, row + DOWN - k0);
            if (kind == UPPER_A && row > k0) first = row - k0;
            if (first >= last) continue;
            const float *strip = STRIPS + i * nk + first * DOWN, *panel = PANELS + j * nk + first * ACROSS;
            float *to = c + row * stride + j0 + j;
            if (i + DOWN <= ni && j + ACROSS <= nj)
              tile(to, stride, strip, panel, last - first, adds_here);
            else
              part_of_tile(to, stride, strip, panel, last - first, adds_here, ni - i, nj - j);
          }
      }
    }
  }
}

/* ---------------------------------------------------------------------------------------------------
   Numbers one by one. The compiler takes four at a time; for sums it may change their order. */

#define ANY_ORDER _Pragma("clang fp reassociate(on)")

/* A float of this size has no room for fractions: what is added to it is rounded to a whole number, which
   then stands in its last bits. */
#define ROUNDS 12582912.0f

union bits {
  float number;
  int bits;
};

/* e to the power of x, which is not above 0: 2 to a whole number, times a polynomial for the rest. Below e
   to the -70 it is 0: processors take a hundred times as long for the tiniest numbers there are. */
static inline float exponential(float x) {
  float bounded = x < -70 ? -70 : x;
  union bits rounded = {.number = bounded * 1.44269504f + ROUNDS};
  float whole = rounded.number - ROUNDS;
  float rest = (bounded - whole * 0.693359375f) - whole * -2.12194440e-4f;
  float p = 1.0f / 720;
  p = p * rest + 1.0f / 120;
  p = p * rest + 1.0f / 24;
  p = p * rest + 1.0f / 6;
  p = p * rest + 0.5f;
  p = p * rest + 1;
  union bits power = {.number = p * rest + 1};
  power.bits += rounded.bits << 23; /* the exponent of a float begins there */
  return x < -70 ? 0 : power.number;
}

/* total = a + b, all of n numbers. */
void EXPORT(add)(float *total, const float *a, const float *b, int n) {
  for (int i = 0; i < n; i++) total[i] = a[i] + b[i];
}

/* y = factor x, of n numbers. */
void EXPORT(scale)(float *y, const float *x, float factor, int n) {
  for (int i = 0; i < n; i++) y[i] = factor * x[i];
}

/* y = y + part (x - y), of n numbers. */
void EXPORT(lerp)(out y, in x, float part, int n) {
  for (int i = 0; i < n; i++) y[i] += part * (x[i] - y[i]);
}

static inline float squares(const float *x, int n) {
  ANY_ORDER
  float sum = 0;
  for (int i = 0; i < n; i++) sum += x[i] * x[i];
  return sum;
}

/* The squares of n numbers, added up. In groups, for the sake of the last digits. */
double EXPORT(sum_of_squares)(const float *x, int n) {
  double sum = 0;
  for (int i = 0; i < n; i += 1024) sum += squares(x + i, least(1024, n - i));
  return sum;
}

/* The embedding of each token plus that of its position: y (rows, n), with T positions, or none. */
void EXPORT(embed)(out y, in tokens, in positions, const int *restrict ids, int rows, int T, int n) {
  for (int r = 0; r < rows; r++, y += n) {
    const float *token = tokens + ids[r] * n, *position = positions + r % T * n;
    for (int i = 0; i < n; i++) y[i] = token[i];
    if (positions)
      for (int i = 0; i < n; i++) y[i] += position[i];
  }
}

/* Add each row of dy (rows, n) to the row of a table (V, n) that it came from. */
void EXPORT(scatter)(float *table, const float *dy, const int *ids, int rows, int n) {
  for (int r = 0; r < rows; r++, dy += n) {
    float *to = table + ids[r] * n;
    for (int i = 0; i < n; i++) to[i] += dy[i];
  }
}

struct moments {
  float mean, scale;
};

static inline struct moments moments_of(const float *x, int n) {
  ANY_ORDER
  float sum = 0, variance = 0;
  for (int i = 0; i < n; i++) sum += x[i];
  float mean = sum / n;
  for (int i = 0; i < n; i++) variance += (x[i] - mean) * (x[i] - mean);
  return (struct moments){mean, 1 / __builtin_sqrtf(variance / n + 1e-5f)};
}

/* y = x with each row (n) brought to mean 0 and variance 1, times weight, plus bias. */
void EXPORT(norm)(out y, in x, in weight, in bias, int rows, int n) {
  for (int r = 0; r < rows; r++, x += n, y += n) {
    struct moments m = moments_of(x, n);
    for (int i = 0; i < n; i++) y[i] = (x[i] - m.mean) * m.scale * weight[i] + bias[i];
  }
}

/* The gradient of x from that of y. */
void EXPORT(norm_input_gradient)(out dx, in dy, in x, in weight, int rows, int n, int adds) {
  for (int r = 0; r < rows; r++, x += n, dx += n, dy += n) {
    ANY_ORDER
    struct moments m = moments_of(x, n);
    float sum = 0, along = 0;
    for (int i = 0; i < n; i++) {
      float gradient = dy[i] * weight[i];
      sum += gradient;
      along += gradient * (x[i] - m.mean);
    }
    sum /= n;
    along *= m.scale * m.scale / n;
    if (!adds)
      for (int i = 0; i < n; i++) dx[i] = 0;
    for (int i = 0; i < n; i++) dx[i] += m.scale * (dy[i] * weight[i] - sum - (x[i] - m.mean) * along);
  }
}

/* The gradients of weight and bias from that of y are added to what is there. */
void EXPORT(norm_parameter_gradients)(out dweight, out dbias, in dy, in x, int rows, int n) {
  for (int r = 0; r < rows; r++, x += n, dy += n) {
    struct moments m = moments_of(x, n);
    for (int i = 0; i < n; i++) {
      dweight[i] += dy[i] * (x[i] - m.mean) * m.scale;
      dbias[i] += dy[i];
    }
  }
}

/* y = x/2 (1 + erf(x/sqrt 2)) and how y changes with x, of n numbers; erf to 1.5e-7 by formula 7.1.26
   of Abramowitz and Stegun. */
void EXPORT(gelu)(out y, out slope, in x, int n) {
  for (int i = 0; i < n; i++) {
    float z = __builtin_fabsf(x[i]) * 0.70710678f;
    float t = 1 / (1 + 0.3275911f * z);
    float bell = exponential(-z * z);
    float p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    float tail = p * t * bell; /* 1 - erf(z) */
    float below = 0.5f * (x[i] < 0 ? tail : 2 - tail);
    y[i] = x[i] * below;
    slope[i] = below + x[i] * 0.39894228f * bell;
  }
}

/* y = tanh(x) and how y changes with x, of n numbers. */
void EXPORT(tanh)(out y, out slope, in x, int n) {
  for (int i = 0; i < n; i++) {
    float e = exponential(-2 * __builtin_fabsf(x[i]));
    float size = (1 - e) / (1 + e);
    y[i] = x[i] < 0 ? -size : size;
    slope[i] = 1 - size * size;
  }
}

/* dx = dy times a slope, of n numbers. */
void EXPORT(times)(out dx, in dy, in slope, int n, int adds) {
  if (adds)
    for (int i = 0; i < n; i++) dx[i] += dy[i] * slope[i];
  else
    for (int i = 0; i < n; i++) dx[i] = dy[i] * slope[i];
}

/* The largest of n numbers. */
static inline float largest(const float *x, int n) {
  v128_t most = wasm_f32x4_splat(-3e38f);
  int i = 0;
  for (; i + 4 <= n; i += 4) most = wasm_f32x4_pmax(most, load(x + i));
  float found = wasm_f32x4_extract_lane(most, 0);
  for (int k = 0; k < 3; k++) {
    most = wasm_i32x4_shuffle(most, most, 1, 2, 3, 0);
    if (wasm_f32x4_extract_lane(most, 0) > found) found = wasm_f32x4_extract_lane(most, 0);
  }
  for (; i < n; i++)
    if (x[i] > found) found = x[i];
  return found;
}

/* x (n) = e to the power of factor (x - its largest). Returns their sum. */
static inline float exponentials(float *x, int n, float factor) {
  ANY_ORDER
  float most = largest(x, n), sum = 0;
#pragma clang loop interleave_count(1)
  for (int i = 0; i < n; i++) {
    x[i] = exponential(factor * (x[i] - most));
    sum += x[i];
  }
  return sum;
}

/* Scores (n, n) -> softmax of factor times each row; with a causal mask, of its part up to the diagonal. */
void EXPORT(softmax)(float *scores, int n, float factor, int is_causal) {
  for (int r = 0; r < n; r++, scores += n) {
    int seen = is_causal ? r + 1 : n;
    int fours = least((seen + 3) & ~3, n); /* four at a time are faster, even if some are masked */
    for (int i = seen; i < fours; i++) scores[i] = -3e38f;
    float share = 1 / exponentials(scores, fours, factor);
    for (int i = 0; i < fours; i++) scores[i] *= share;
    for (int i = fours; i < n; i++) scores[i] = 0;
  }
}

static inline float dot(const float *a, const float *b, int n) {
  ANY_ORDER
  float sum = 0;
  for (int i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

/* The gradient of the weights (n, n) -> that of the scores, in its place. */
void EXPORT(softmax_gradient)(float *gradient, const float *weights, int n, float factor, int is_causal) {
  for (int r = 0; r < n; r++, gradient += n, weights += n) {
    int seen = is_causal ? r + 1 : n;
    float mean = dot(gradient, weights, seen);
    for (int i = 0; i < seen; i++) gradient[i] = factor * weights[i] * (gradient[i] - mean);
    for (int i = seen; i < n; i++) gradient[i] = 0;
  }
}

/* Logits (rows, n) and the token that follows each (-1: none) -> their gradient times factor, in their
   place. Minus ln of a token's probability is ln(sum) - score, with what is written to `found` (rows, 2). */
void EXPORT(cross_entropy)(float *logits, float *found, const int *targets, float factor, int rows, int n) {
  for (int r = 0; r < rows; r++, logits += n, found += 2) {
    int target = targets[r] < 0 ? 0 : targets[r];
    float is_counted = targets[r] < 0 ? 0 : 1;
    found[1] = is_counted * (logits[target] - largest(logits, n));
    float sum = exponentials(logits, n, 1);
    found[0] = is_counted ? sum : 1;
    float share = is_counted * factor / sum;
    for (int i = 0; i < n; i++) logits[i] *= share;
    logits[target] -= is_counted * factor;
  }
}

/* ---------------------------------------------------------------------------------------------------
   Optimizers. */

/* One update of n weights by AdamW: m and v are averages of the gradients and of their squares. They
   began as zeros; `rate` (the learning rate) and `unbiased` make up for that. */
void EXPORT(adamw)(out weights, in gradients, out m, out v, int n, float beta1, float beta2, float rate,
                   float unbiased) {
  for (int i = 0; i < n; i++) {
    m[i] += (1 - beta1) * (gradients[i] - m[i]);
    v[i] += (1 - beta2) * (gradients[i] * gradients[i] - v[i]);
    weights[i] -= rate * m[i] / (__builtin_sqrtf(v[i] * unbiased) + 1e-8f);
  }
}

/* Rows (neurons) of a change that changed more than others lately change less; all of it stays as long
   as it was. `moments` (rows) is the average of their squares. */
void EXPORT(normalize_rows)(float *change, float *moments, int rows, int n) {
  double before = 0, after = 0;
  for (int r = 0; r < rows; r++) {
    float square = squares(change + r * n, n);
    before += square;
    moments[r] += 0.05f * (square / n - moments[r]);
    float root = __builtin_sqrtf(moments[r]), factor = 1 / (root < 1e-8f ? 1e-8f : root);
    for (int i = 0; i < n; i++) change[r * n + i] *= factor;
    after += square * factor * factor;
  }
  double length = __builtin_sqrt(after), factor = __builtin_sqrt(before) / (length < 1e-8 ? 1e-8 : length);
  for (int i = 0; i < rows * n; i++) change[i] *= factor;
}
