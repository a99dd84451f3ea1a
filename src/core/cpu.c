/* cpu.c - which variant of the kernels this processor runs. */
#include "core/pixels.h"
#include <stdlib.h>

#if defined(IBX_HAVE_V3) && defined(__x86_64__)
#include <cpuid.h>

/* Does the operating system save the upper halves of the AVX registers? */
static bool system_saves_avx(void) {
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & 6) == 6;
}

/* Everything that x86-64-v3 adds (x86-64 psABI, section 3.1.1): AVX, AVX2, BMI1, BMI2, F16C, FMA,
 * LZCNT, MOVBE, OSXSAVE. Asked one by one, since older compilers' __builtin_cpu_supports knows
 * neither the level nor all of its parts. */
static bool detect_v3(void) {
    const unsigned fma = 1u << 12, movbe = 1u << 22, osxsave = 1u << 27, avx = 1u << 28,
                   f16c = 1u << 29, need1 = fma | movbe | osxsave | avx | f16c;
    const unsigned bmi1 = 1u << 3, avx2 = 1u << 5, bmi2 = 1u << 8, need7 = bmi1 | avx2 | bmi2;
    const unsigned lzcnt = 1u << 5;
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & need1) != need1) return false;
    if (!system_saves_avx()) return false;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (b & need7) != need7) return false;
    return __get_cpuid(0x80000001, &a, &b, &c, &d) && (c & lzcnt);
}
#else
static bool detect_v3(void) {
    return false;
}
#endif

bool ibx_cpu_is_v3(void) {
    /* Kept, because CPUID traps in a virtual machine and this is asked for every strip. Threads
     * that meet here compute the same answer. */
    enum { UNKNOWN, NO, YES };
    static atomic_int answer = UNKNOWN;
    int known = atomic_load_explicit(&answer, memory_order_relaxed);
    if (known == UNKNOWN) {
        const char *wish = getenv("IMBREX_CPU");
        const bool baseline = wish && strcmp(wish, "baseline") == 0;
        known = !baseline && detect_v3() ? YES : NO;
        atomic_store_explicit(&answer, known, memory_order_relaxed);
    }
    return known == YES;
}
