/* Reads memory as fast as one thread of WebAssembly can, for bandwidth.js.

     clang --target=wasm32 -msimd128 -O3 -nostdlib -Wl,--no-entry \
       -Wl,--initial-memory=201326592 -o read.wasm read.c

   Eight sums, so that no addition waits for the one before it. */
#include <wasm_simd128.h>

extern unsigned char __heap_base;

__attribute__((export_name("read"))) int read(int bytes) {
  const v128_t *from = (const v128_t *)(((unsigned long)&__heap_base + 63) & ~63ul);
  v128_t sums[8] = {0};
  for (int i = 0; i + 8 <= bytes / 16; i += 8)
    for (int j = 0; j < 8; j++) sums[j] = wasm_i32x4_add(sums[j], from[i + j]);
  v128_t all = sums[0];
  for (int j = 1; j < 8; j++) all = wasm_i32x4_add(all, sums[j]);
  return wasm_i32x4_extract_lane(all, 0);
}
