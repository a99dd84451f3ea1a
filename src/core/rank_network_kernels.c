/* rank_network_kernels.c - medians of small windows by sorting networks; see rank_methods.h.
 * Compiled once per CPU variant.
 *
 * Two windows, one below the other, share all but the first row of the one and the last of the
 * other. So columns are sorted without these, once for all windows that they are in; neighbouring
 * columns are merged into groups, which are used again by the next windows; and from the groups of
 * the shared rows come the few samples that can still be a median. Each window adds its own row.
 * After Adams, Fast median filters using separable sorting networks, 2021. */
#include "core/rank_methods.h"
#include "core/rank_networks.h"

typedef uint8_t bytes __attribute__((vector_size(IBX_VECTOR), aligned(1), may_alias));
typedef ibx_floats floats;

#define LANES_OF(sample) (IBX_VECTOR / (int)sizeof(sample))

/* Instrumented builds are neither unrolled nor inlined: compiling them would take minutes. */
#if defined(__SANITIZE_ADDRESS__)
#define INSTRUMENTED
#elif defined(__clang__)
#if __has_feature(address_sanitizer)
#define INSTRUMENTED
#endif
#endif
#ifdef INSTRUMENTED
#define UNROLL
#define COMPARATOR static __attribute__((noinline))
#else
#define COMPARATOR IBX_INLINE
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif
#endif

/* a < b ? a : b and a < b ? b : a, in the form that each compiler turns into one instruction. */
#ifdef __clang__
COMPARATOR void order_bytes(bytes *lo, bytes *hi) {
    const bytes a = *lo, b = *hi;
    *lo = __builtin_elementwise_min(a, b);
    *hi = __builtin_elementwise_max(a, b);
}
COMPARATOR void order_floats(floats *lo, floats *hi) {
    const floats a = *lo, b = *hi;
    const ibx_ints less = a < b;
    *lo = (floats)(((ibx_ints)a & less) | ((ibx_ints)b & ~less));
    *hi = (floats)(((ibx_ints)b & less) | ((ibx_ints)a & ~less));
}
#else
#define ORDER(vec, lanes)                                                                          \
    COMPARATOR void order_##vec(vec *lo, vec *hi) {                                                \
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

/* A network for samples v, after the side of the windows. */
#define PICK(k, name, use)                                                                         \
    if ((k) == 3) {                                                                                \
        name##_3(use)                                                                              \
    } else if ((k) == 5) {                                                                         \
        name##_5(use)                                                                              \
    } else {                                                                                       \
        name##_7(use)                                                                              \
    }
#define ORDER_BYTES(i, j) order_bytes(&v[i], &v[j]);
#define ORDER_FLOATS(i, j) order_floats(&v[i], &v[j]);
#define TAKE(r, i) kept[r] = v[i];

/* The functions for one type of samples; `compare` is one of the above. The side k of the windows
 * is constant: everything unrolls into straight-line code, and what nobody needs is not computed.
 * Groups are of g columns; every sorted list is k - 1 or g (k - 1) rows of the scratch. */
#define NETWORK(vec, sample, compare)                                                              \
    /* Loads n rows from a on into v. */                                                           \
    IBX_INLINE void load_##vec(vec *v, const sample *a, ptrdiff_t room, int n) {                   \
        UNROLL for (int i = 0; i < n; i++) v[i] = *(const vec *)(a + i * room);                    \
    }                                                                                              \
    IBX_INLINE void store_##vec(const vec *v, sample *a, ptrdiff_t room, int n) {                  \
        UNROLL for (int i = 0; i < n; i++) * (vec *)(a + i * room) = v[i];                         \
    }                                                                                              \
    IBX_INLINE void columns_##vec(const ibx_network *w, const sample *a, sample *to, int k) {      \
        for (int x = 0; x < w->n + (k - 1) * w->step; x += LANES_OF(sample)) {                     \
            vec v[6];                                                                              \
            load_##vec(v, a + x, w->stride, k - 1);                                                \
            PICK(k, IBX_COLUMN, compare)                                                           \
            store_##vec(v, to + x, w->room, k - 1);                                                \
        }                                                                                          \
    }                                                                                              \
    IBX_INLINE void groups_##vec(const ibx_network *w, const sample *a, sample *to, int k,         \
                                 int g) {                                                          \
        for (int x = 0; x < w->n + (k - 1 - g) * w->step; x += LANES_OF(sample)) {                 \
            vec v[18], kept[18];                                                                   \
            UNROLL for (int i = 0; i < g; i++)                                                     \
                load_##vec(v + i * (k - 1), a + x + i * w->step, w->room, k - 1);                  \
            PICK(k, IBX_GROUP, compare)                                                            \
            PICK(k, IBX_GROUP_OUT, TAKE)                                                           \
            store_##vec(kept, to + x, w->room, g * (k - 1));                                       \
        }                                                                                          \
    }                                                                                              \
    /* The (k + 1)th of the k + 1 in `kept` and a window's own k from a on: the least that can be  \
     * it, behind i of the ones and k - i of the others. */                                        \
    IBX_INLINE vec finish_##vec(const vec *kept, const sample *a, ptrdiff_t step, int k) {         \
        vec v[7], least = kept[k];                                                                 \
        load_##vec(v, a, step, k);                                                                 \
        PICK(k, IBX_SORT, compare)                                                                 \
        UNROLL for (int i = 0; i < k; i++) {                                                       \
            vec greater = kept[i];                                                                 \
            order_##vec(&v[k - 1 - i], &greater);                                                  \
            order_##vec(&least, &greater);                                                         \
        }                                                                                          \
        return least;                                                                              \
    }                                                                                              \
    IBX_INLINE void pair_##vec(const ibx_network *w, const sample *a, sample *const b[2], int k,   \
                               int g) {                                                            \
        const int size = g * (k - 1), last = (k - 1) * (k - 1);                                    \
        sample *column = w->scratch, *group = column + (k - 1) * w->room;                          \
        columns_##vec(w, a + w->stride, column, k);                                                \
        groups_##vec(w, column, group, k, g);                                                      \
        for (int x = 0; x < w->n; x += LANES_OF(sample)) {                                         \
            vec v[42], kept[8];                                                                    \
            UNROLL for (int i = 0; i < last / size; i++)                                           \
                load_##vec(v + i * size, group + x + i * g * w->step, w->room, size);              \
            load_##vec(v + last, column + x + (k - 1) * w->step, w->room, k - 1);                  \
            PICK(k, IBX_CORE, compare)                                                             \
            PICK(k, IBX_CORE_OUT, TAKE)                                                            \
            if (b[0]) *(vec *)(b[0] + x) = finish_##vec(kept, a + x, w->step, k);                  \
            if (b[1]) *(vec *)(b[1] + x) = finish_##vec(kept, a + x + k * w->stride, w->step, k);  \
        }                                                                                          \
    }                                                                                              \
    void ibx_network_##vec(const ibx_network *network, const sample *a, sample *const b[2]) {      \
        const ibx_network copy = *network, *w = &copy; /* which no store can change */             \
        if (w->r == 1) pair_##vec(w, a, b, 3, 2);                                                  \
        if (w->r == 2) pair_##vec(w, a, b, 5, 2);                                                  \
        if (w->r == 3) pair_##vec(w, a, b, 7, 3);                                                  \
    }
NETWORK(bytes, uint8_t, ORDER_BYTES)
NETWORK(floats, float, ORDER_FLOATS)
