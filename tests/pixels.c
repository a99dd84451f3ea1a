/* pixels - samples to planes and back, kinds of light, and equal bits of both CPU variants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "core/pixels.h"
#include <stdlib.h>

extern const ibx_pixel_ops ibx_pixel_ops_baseline;
#ifdef __x86_64__
extern const ibx_pixel_ops ibx_pixel_ops_v3;
#endif

/* The variants that this CPU can run. */
static const ibx_pixel_ops *variants[2];
static int variant_count;

enum { MOST = 70000, GUARD = 64 };

static float storage[IBX_MAX_PLANES][MOST + GUARD];
static float *const planes_of_storage[IBX_MAX_PLANES] = {storage[0], storage[1], storage[2],
                                                         storage[3]};

/* Random numbers that are the same everywhere (Numerical Recipes' LCG). */
static uint32_t next(uint32_t *seed) {
    return *seed = *seed * 1664525u + 1013904223u;
}

/* A float of any kind: mostly around 0..1, sometimes any bits at all. */
static float any_float(uint32_t *seed) {
    const uint32_t bits = next(seed), kind = next(seed) >> 28;
    float v;
    if (kind > 2) return (float)(bits >> 8) / (1 << 23) - 0.5f;
    if (kind == 0) return (float)((bits >> 16) + 0.5) / 65535;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* Sample i of a row, as a number. */
static double sample(ibx_sample type, const void *row, int i) {
    if (type == IBX_U8) return ((const uint8_t *)row)[i];
    if (type == IBX_U16) return ((const uint16_t *)row)[i];
    return (double)((const float *)row)[i];
}

/* Packing leaves one NaN of all that there are. */
static void one_nan(float *v, int n) {
    for (int i = 0; i < n; i++)
        if (isnan(v[i])) v[i] = NAN;
}

/* Every value of a type in every plane comes back, for every width around the vectors' sizes. */
static void check_round_trip(const ibx_pixel_ops *ops, ibx_sample type, int planes, int n) {
    const size_t size = (size_t)n * (size_t)planes * ibx_sample_size(type);
    uint8_t *row = malloc(size + GUARD), *back = malloc(size + GUARD);
    assert_true(row && back);
    uint32_t seed = (uint32_t)(n + planes);
    for (int i = 0; i < n * planes; i++) {
        if (type == IBX_U8) row[i] = (uint8_t)(i / planes + i % planes * 7);
        if (type == IBX_U16) ((uint16_t *)row)[i] = (uint16_t)(i / planes + i % planes * 7);
        if (type == IBX_F32) ((float *)row)[i] = any_float(&seed);
    }
    memset(back, 0xA5, size + GUARD);
    for (int p = 0; p < IBX_MAX_PLANES; p++)
        for (int i = 0; i < n + 1; i++) storage[p][i] = 77;
    ops->unpack(type, row, 0, planes, n, planes_of_storage);
    for (int p = 0; p < IBX_MAX_PLANES; p++)
        for (int i = p < planes ? n : 0; i < n + 1; i++) assert_true(storage[p][i] == 77);
    ops->pack(type, planes_of_storage, planes, n, back, 0);
    if (type == IBX_F32) one_nan((float *)row, n * planes);
    assert_memory_equal(row, back, size);
    for (int i = 0; i < GUARD; i++) assert_int_equal(back[size + (size_t)i], 0xA5);
    free(row);
    free(back);
}

static void samples_come_back(void **state) {
    (void)state;
    for (int v = 0; v < variant_count; v++)
        for (int planes = 1; planes <= IBX_MAX_PLANES; planes++)
            for (ibx_sample type = IBX_U8; type <= IBX_F32; type++) {
                for (int n = 0; n < 70; n++) check_round_trip(variants[v], type, planes, n);
                check_round_trip(variants[v], type, planes, 65536);
            }
}

/* Through a table of unpacked samples it is unpacking, for every width around the vectors' sizes.
 */
static void a_table_does_what_unpacking_does(void **state) {
    (void)state;
    enum { WIDE = 70 };
    uint8_t row[WIDE * IBX_MAX_PLANES];
    float table[256], found[IBX_MAX_PLANES][WIDE];
    float *const to[IBX_MAX_PLANES] = {found[0], found[1], found[2], found[3]};
    for (int i = 0; i < 256; i++) {
        const uint8_t v = (uint8_t)i;
        variants[0]->unpack(IBX_U8, &v, 0, 1, 1, &(float *){table + i});
    }
    for (int i = 0; i < WIDE * IBX_MAX_PLANES; i++) row[i] = (uint8_t)(i * 37);
    for (int v = 0; v < variant_count; v++)
        for (int planes = 1; planes <= IBX_MAX_PLANES; planes++)
            for (int n = 0; n < WIDE; n++) {
                for (int p = 0; p < planes; p++) found[p][n] = 77;
                variants[v]->look_up(table, row, 0, planes, n, to);
                variants[v]->unpack(IBX_U8, row, 0, planes, n, planes_of_storage);
                for (int p = 0; p < planes; p++) {
                    assert_memory_equal(found[p], storage[p], (size_t)n * sizeof(float));
                    assert_true(found[p][n] == 77);
                }
            }
}

static void unpacked_samples_are_in_0_to_1(void **state) {
    (void)state;
    uint16_t *row = malloc(65536 * sizeof *row);
    uint8_t bytes[256];
    assert_non_null(row);
    for (int i = 0; i < 65536; i++) row[i] = (uint16_t)i, bytes[i % 256] = (uint8_t)i;
    for (int v = 0; v < variant_count; v++) {
        variants[v]->unpack(IBX_U16, row, 0, 1, 65536, planes_of_storage);
        for (int i = 0; i < 65536; i++)
            assert_true(fabs((double)storage[0][i] - i / 65535.0) < 1e-7);
        assert_true(storage[0][0] == 0 && storage[0][65535] == 1);
        variants[v]->unpack(IBX_U8, bytes, 0, 1, 256, planes_of_storage);
        for (int i = 0; i < 256; i++) assert_true(fabs((double)storage[0][i] - i / 255.0) < 1e-7);
        assert_true(storage[0][0] == 0 && storage[0][255] == 1);
    }
    free(row);
}

/* The sample that a value must become; the C library's rint rounds ties to even. */
static double expected(ibx_sample type, float v) {
    const double most = type == IBX_U8 ? 255 : 65535;
    if (!(v > 0)) return 0;
    return rint((double)((v < 1 ? v : 1) * (float)most));
}

static void packing_clamps_and_rounds(void **state) {
    (void)state;
    static const float special[] = {-1,           -0.0f,      NAN,         -NAN,       INFINITY,
                                    -INFINITY,    1e30f,      0.5f / 255,  1.5f / 255, 2.5f / 255,
                                    254.5f / 255, 1.0000001f, 0.99999994f, 1e-40f};
    enum { N = 1003, SPECIAL = sizeof special / sizeof special[0] };
    static uint16_t row[N * IBX_MAX_PLANES];
    uint32_t seed = 1;
    for (int p = 0; p < IBX_MAX_PLANES; p++)
        for (int i = 0; i < N; i++)
            storage[p][i] = i < 5 * SPECIAL ? special[(i + p) % SPECIAL] : any_float(&seed);
    for (int v = 0; v < variant_count; v++)
        for (int planes = 1; planes <= IBX_MAX_PLANES; planes++)
            for (ibx_sample type = IBX_U8; type <= IBX_U16; type++) {
                variants[v]->pack(type, planes_of_storage, planes, N, row, 0);
                for (int i = 0; i < N * planes; i++)
                    assert_true(sample(type, row, i) ==
                                expected(type, storage[i % planes][i / planes]));
            }
}

static void curves_are_close_to_the_standard(void **state) {
    (void)state;
    enum { STEPS = 1 << 16 };
    for (int v = 0; v < variant_count; v++) {
        for (int i = 0; i <= STEPS; i++) storage[0][i] = storage[1][i] = (float)i / STEPS;
        variants[v]->to_linear(storage[0], STEPS + 1);
        variants[v]->to_encoded(storage[1], STEPS + 1);
        for (int i = 0; i <= STEPS; i++) {
            const double x = (double)((float)i / STEPS);
            assert_true(fabs((double)storage[0][i] - ibx_srgb_to_linear(x)) < 3e-6);
            assert_true(fabs((double)storage[1][i] - ibx_linear_to_srgb(x)) < 3e-6);
            if (i > 0) assert_true(storage[0][i] > storage[0][i - 1]);
            if (i > 0) assert_true(storage[1][i] > storage[1][i - 1]);
        }
        assert_true(storage[0][0] == 0 && storage[0][STEPS] == 1);
        assert_true(storage[1][0] == 0 && storage[1][STEPS] == 1);
    }
}

static void curves_go_on_outside(void **state) {
    (void)state;
    static const float values[] = {-5, -1, -0.01f, 1.0001f, 1.5f, 4, 100};
    enum { N = sizeof values / sizeof values[0] };
    for (int v = 0; v < variant_count; v++) {
        float linear[N], encoded[N];
        memcpy(linear, values, sizeof linear);
        memcpy(encoded, values, sizeof encoded);
        variants[v]->to_linear(linear, N);
        variants[v]->to_encoded(encoded, N);
        for (int i = 0; i < N; i++) {
            const double l = ibx_srgb_to_linear((double)values[i]);
            const double e = ibx_linear_to_srgb((double)values[i]);
            assert_true(fabs((double)linear[i] - l) < 1e-6 * (1 + fabs(l)));
            assert_true(fabs((double)encoded[i] - e) < 1e-6 * (1 + fabs(e)));
        }
    }
}

/* Through linear light and back: 8 and 16 bits come back exactly. */
static void light_there_and_back(void **state) {
    (void)state;
    uint16_t *row = malloc(65536 * sizeof *row), *back = malloc(65536 * sizeof *back);
    assert_true(row && back);
    for (int i = 0; i < 65536; i++) row[i] = (uint16_t)i;
    for (int v = 0; v < variant_count; v++)
        for (ibx_sample type = IBX_U8; type <= IBX_U16; type++) {
            const int n = 65536; /* as bytes, the low and high halves of the first numbers */
            variants[v]->unpack(type, row, 0, 1, n, planes_of_storage);
            variants[v]->to_linear(storage[0], n);
            variants[v]->to_encoded(storage[0], n);
            variants[v]->pack(type, planes_of_storage, 1, n, back, 0);
            assert_memory_equal(row, back, (size_t)n * ibx_sample_size(type));
        }
    free(row);
    free(back);
}

static void alpha_there_and_back(void **state) {
    (void)state;
    enum { N = 1000 };
    for (int v = 0; v < variant_count; v++) {
        uint32_t seed = 9;
        for (int i = 0; i < N; i++) {
            storage[0][i] = storage[2][i] = (float)(next(&seed) >> 24) / 255;
            storage[1][i] = (float)(i % 4) / 3;
        }
        variants[v]->premultiply(storage[0], storage[1], N);
        for (int i = 0; i < N; i++) assert_true(storage[0][i] == storage[2][i] * storage[1][i]);
        variants[v]->unpremultiply(storage[0], storage[1], N);
        for (int i = 0; i < N; i++) {
            if (storage[1][i] == 0)
                assert_true(storage[0][i] == 0);
            else
                assert_true(fabsf(storage[0][i] - storage[2][i]) < 2e-7f);
        }
        storage[1][0] = -1, storage[1][1] = NAN, storage[0][0] = storage[0][1] = 1;
        variants[v]->unpremultiply(storage[0], storage[1], 2);
        assert_true(storage[0][0] == 0 && storage[0][1] == 0);
    }
}

/* The bits of floats, all NaN alike: the sign and payload of a NaN that was computed are free. */
static void assert_equal_bits(const float *a, const float *b, int n) {
    for (int i = 0; i < n; i++)
        if (!(isnan(a[i]) && isnan(b[i]))) assert_memory_equal(&a[i], &b[i], sizeof a[i]);
}

static void both_variants_give_the_same_bits(void **state) {
    (void)state;
    if (variant_count < 2) {
        print_message("this CPU runs one variant only\n");
        skip();
    }
    enum { N = 30011 };
    static float one[N], two[N], alpha[N];
    uint32_t seed = 5;
    for (int k = 0; k < 20; k++) {
        for (int op = 0; op < 4; op++) {
            for (int i = 0; i < N; i++)
                one[i] = two[i] = any_float(&seed), alpha[i] = any_float(&seed);
            for (int v = 0; v < 2; v++) {
                float *row = v ? two : one;
                if (op == 0) variants[v]->to_linear(row, N);
                if (op == 1) variants[v]->to_encoded(row, N);
                if (op == 2) variants[v]->premultiply(row, alpha, N);
                if (op == 3) variants[v]->unpremultiply(row, alpha, N);
            }
            assert_equal_bits(one, two, N);
        }
    }
}

/* A sample does not depend on its place in a row. */
static void curves_do_not_depend_on_position(void **state) {
    (void)state;
    enum { N = 41 };
    for (int v = 0; v < variant_count; v++)
        for (int n = 1; n < N; n++) {
            float whole[N], alone[N];
            for (int i = 0; i < n; i++) whole[i] = alone[i] = (float)i / 37 - 0.02f;
            variants[v]->to_linear(whole, n);
            variants[v]->to_encoded(whole, n);
            for (int i = 0; i < n; i++) {
                variants[v]->to_linear(alone + i, 1);
                variants[v]->to_encoded(alone + i, 1);
            }
            assert_memory_equal(whole, alone, (size_t)n * sizeof(float));
        }
}

static void this_cpu_gets_its_variant(void **state) {
    (void)state;
#ifdef __x86_64__
    /* gcc and clang agree on the names of these parts of the level */
    const bool most = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                      __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    const char *wish = getenv("IMBREX_CPU");
    const bool baseline = wish && strcmp(wish, "baseline") == 0;
    if (!most || baseline)
        assert_false(ibx_cpu_is_v3());
    else if (!ibx_cpu_is_v3())
        print_message("AVX2 without the rest of x86-64-v3\n");
    assert_ptr_equal(ibx_pixel_loops(),
                     ibx_cpu_is_v3() ? &ibx_pixel_ops_v3 : &ibx_pixel_ops_baseline);
#else
    assert_false(ibx_cpu_is_v3());
    assert_ptr_equal(ibx_pixel_loops(), &ibx_pixel_ops_baseline);
#endif
}

int main(void) {
    variants[variant_count++] = &ibx_pixel_ops_baseline;
#ifdef __x86_64__
    if (ibx_cpu_is_v3()) variants[variant_count++] = &ibx_pixel_ops_v3;
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_come_back),
        cmocka_unit_test(a_table_does_what_unpacking_does),
        cmocka_unit_test(unpacked_samples_are_in_0_to_1),
        cmocka_unit_test(packing_clamps_and_rounds),
        cmocka_unit_test(curves_are_close_to_the_standard),
        cmocka_unit_test(curves_go_on_outside),
        cmocka_unit_test(light_there_and_back),
        cmocka_unit_test(alpha_there_and_back),
        cmocka_unit_test(both_variants_give_the_same_bits),
        cmocka_unit_test(curves_do_not_depend_on_position),
        cmocka_unit_test(this_cpu_gets_its_variant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
