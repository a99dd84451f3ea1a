/* rank_network_kernels.c - medians of small windows by sorting networks; see rank_methods.h.
 * Compiled once per CPU variant. */
#include "core/rank_methods.h"

typedef uint8_t bytes __attribute__((vector_size(IBX_VECTOR), aligned(1), may_alias));
typedef ibx_floats floats;

/* Instrumented builds are not unrolled: compiling them would take minutes. */
#if defined(__SANITIZE_ADDRESS__)
#define UNROLL
#elif !defined(__clang__)
#define UNROLL _Pragma("GCC unroll 64")
#elif __has_feature(address_sanitizer)
#define UNROLL
#else
#define UNROLL _Pragma("clang loop unroll(full)")
#endif

/* a < b ? a : b and a < b ? b : a, in the form that each compiler turns into one instruction. */
#ifdef __clang__
IBX_INLINE void order_bytes(bytes *lo, bytes *hi) {
    const bytes a = *lo, b = *hi;
    *lo = __builtin_elementwise_min(a, b);
    *hi = __builtin_elementwise_max(a, b);
}
IBX_INLINE void order_floats(floats *lo, floats *hi) {
    const floats a = *lo, b = *hi;
    const ibx_ints less = a < b;
    *lo = (floats)(((ibx_ints)a & less) | ((ibx_ints)b & ~less));
    *hi = (floats)(((ibx_ints)b & less) | ((ibx_ints)a & ~less));
}
#else
#define ORDER(vec, lanes)                                                                          \
    IBX_INLINE void order_##vec(vec *lo, vec *hi) {                                                \
        const vec a = *lo, b = *hi;                                                                \
        vec least, most;                                                                           \
        _Pragma("GCC unroll 1") for (int i = 0; i < (lanes); i++) least[i] =                       \
            a[i] < b[i] ? a[i] : b[i];                                                             \
        _Pragma("GCC unroll 1") for (int i = 0; i < (lanes); i++) most[i] =                        \
            a[i] < b[i] ? b[i] : a[i];                                                             \
        *lo = least;                                                                               \
        *hi = most;                                                                                \
    }
ORDER(bytes, IBX_VECTOR)
ORDER(floats, IBX_VECTOR / 4)
#endif

/* Can the entry of rank i in its column, then of rank j in its row of a k x k matrix be the median?
 * Not if more than half of all must lie above it, or below. */
IBX_INLINE bool candidate(int i, int j, int k) {
    return (i + 1) * (j + 1) <= (k * k + 1) / 2 && (k - i) * (k - j) <= (k * k + 1) / 2;
}

/* Medians of k x k windows, for a vector of windows whose first sample is at a. Columns are sorted,
 * then rows; of the candidates that are left, just over half are taken, their smallest and largest
 * dropped, one more taken, and so on. k is constant: everything unrolls into straight-line code,
 * and what nobody needs is never computed. */
#define NETWORK(vec, sample)                                                                       \
    IBX_INLINE void sort_##vec(vec *a, int step, int n) {                                          \
        UNROLL for (int end = n - 1; end > 0; end--) {                                             \
            UNROLL for (int i = 0; i < end; i++) order_##vec(a + i * step, a + (i + 1) * step);    \
        }                                                                                          \
    }                                                                                              \
    IBX_INLINE vec median_##vec(const sample *a, ptrdiff_t stride, int k) {                        \
        vec m[49], c[32];                                                                          \
        int n = 0;                                                                                 \
        UNROLL for (int i = 0; i < k * k; i++) m[i] = *(const vec *)(a + i / k * stride + i % k);  \
        UNROLL for (int j = 0; j < k; j++) sort_##vec(m + j, k, k);                                \
        UNROLL for (int i = 0; i < k; i++) sort_##vec(m + i * k, 1, k);                            \
        UNROLL for (int i = 0; i < k * k; i++) if (candidate(i / k, i % k, k)) c[n++] = m[i];      \
        const int last = n / 2 + 1;                                                                \
        UNROLL for (int s = 0; s < n / 2; s++) {                                                   \
            UNROLL for (int i = s + 1; i <= last; i++) order_##vec(c + s, c + i);                  \
            UNROLL for (int i = s + 1; i < last; i++) order_##vec(c + i, c + last);                \
            if (last + 1 + s < n) c[last] = c[last + 1 + s];                                       \
        }                                                                                          \
        return c[n / 2];                                                                           \
    }                                                                                              \
    /* A row of n windows, rounded up to vectors. */                                               \
    void ibx_network_##vec(int r, const sample *a, ptrdiff_t stride, sample *b, int n) {           \
        const int lanes = IBX_VECTOR / (int)sizeof(sample);                                        \
        for (int x = 0; r == 1 && x < n; x += lanes)                                               \
            *(vec *)(b + x) = median_##vec(a + x, stride, 3);                                      \
        for (int x = 0; r == 2 && x < n; x += lanes)                                               \
            *(vec *)(b + x) = median_##vec(a + x, stride, 5);                                      \
        for (int x = 0; r == 3 && x < n; x += lanes)                                               \
            *(vec *)(b + x) = median_##vec(a + x, stride, 7);                                      \
    }
NETWORK(bytes, uint8_t)
NETWORK(floats, float)
