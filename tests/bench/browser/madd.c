/* How many floating point operations a second one thread of WebAssembly can do at best, for madd.js.

     clang-16 --target=wasm32 -msimd128 -mrelaxed-simd -O3 -nostdlib -Wl,--no-entry \
       -o madd.wasm madd.c

   Nothing is read from memory. A processor begins two such operations in every cycle, and a result
   is there four cycles later, so that it needs at least eight sums that do not wait for each other.
   Thirteen, a factor and a term are what fits into its registers. The functions return all sums added
   up, or the compiler would leave out the work. */
#include <wasm_simd128.h>

#define SUMS 13

typedef float f32x4 __attribute__((vector_size(16)));

static void begin(f32x4 *sums) {
  for (int j = 0; j < SUMS; j++) sums[j] = (f32x4)wasm_f32x4_splat((float)j);
}

static float total(const f32x4 *sums) {
  f32x4 all = sums[0];
  for (int j = 1; j < SUMS; j++) all += sums[j];
  return all[0] + all[1] + all[2] + all[3];
}

/* Operations in one round: four numbers in a sum, each of which is multiplied and added to. */
__attribute__((export_name("operations"))) int operations(void) { return SUMS * 4 * 2; }

/* A multiplication, and then an addition. */
__attribute__((export_name("mul_add"))) float mul_add(int rounds, float factor, float term) {
  f32x4 sums[SUMS], factors = (f32x4)wasm_f32x4_splat(factor), terms = (f32x4)wasm_f32x4_splat(term);
  begin(sums);
  for (int i = 0; i < rounds; i++)
    for (int j = 0; j < SUMS; j++) sums[j] = sums[j] * factors + terms;
  return total(sums);
}

/* Both in one instruction, where the processor has one. */
__attribute__((export_name("relaxed_madd"))) float relaxed_madd(int rounds, float factor, float term) {
  f32x4 sums[SUMS], factors = (f32x4)wasm_f32x4_splat(factor), terms = (f32x4)wasm_f32x4_splat(term);
  begin(sums);
  for (int i = 0; i < rounds; i++)
    for (int j = 0; j < SUMS; j++)
      sums[j] = __builtin_wasm_relaxed_madd_f32x4(sums[j], factors, terms);
  return total(sums);
}
