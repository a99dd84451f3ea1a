/* every_filter.c - what must hold for every filter there is, found by walking the registry.
 *
 * A filter's output must not depend on how the image is cut up or on how many threads work on it,
 * and nothing outside the rectangle that it asked for may reach the output. The oracle is the
 * whole image as one tile (support/whole.h), which shares nothing with the engine; around every
 * tile of the engine lies NaN. */
#include "core/param.h"
#include "core/recipe.h"
#include "engine/apply.h"
#include "whole.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- pictures ------------------------------------------------------------------------------- */

static uint32_t noise(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Gradients, hard edges and noise, all on the 8-bit grid; alpha with holes. */
static ibx_image picture(int w, int h, ibx_model model, bool alpha) {
    ibx_image im = whole_new(w, h, model, alpha);
    uint32_t seed = 7u * (uint32_t)w + (uint32_t)h;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            for (int p = 0; p < ibx_planes(&im.head); p++) {
                int v = (x * 3 + y * 2 * (p + 1)) & 255;
                if (x / 8 % 3 == p) v = 255 - v;
                if (x > w / 2) v = (int)(noise(&seed) & 255);
                if (alpha && p == (int)model && y < h / 3) v = x % 5 ? 255 : 0;
                *whole_at(&im, p, x, y) = (float)v * (1 / 255.f);
            }
    return im;
}

/* The same with 8-bit samples. */
static ibx_image packed_picture(int w, int h, ibx_model model) {
    ibx_image im = picture(w, h, model, false);
    uint8_t *to = im.pixels;
    const int row = w * (int)model;
    for (int y = 0; y < h; y++)
        for (int i = 0; i < row; i++)
            to[y * row + i] = (uint8_t)lrintf(255 * whole_at(&im, 0, 0, y)[i]);
    im.sample = IBX_U8;
    im.stride = (size_t)row;
    return im;
}

/* ---- comparing --------------------------------------------------------------------------------
 */

static void check_equal(const char *recipe, const char *how, const ibx_image *a,
                        const ibx_image *b) {
    if (a->head.w != b->head.w || a->head.h != b->head.h ||
        ibx_planes(&a->head) != ibx_planes(&b->head))
        fail_msg("%s, %s: %d x %d x %d instead of %d x %d x %d", recipe, how, b->head.w, b->head.h,
                 ibx_planes(&b->head), a->head.w, a->head.h, ibx_planes(&a->head));
    for (int y = 0; y < a->head.h; y++)
        for (int x = 0; x < a->head.w; x++)
            for (int p = 0; p < ibx_planes(&a->head); p++) {
                const float u = *whole_at(a, p, x, y), v = *whole_at(b, p, x, y);
                if (memcmp(&u, &v, sizeof u) != 0)
                    fail_msg("%s, %s: sample %d of (%d, %d) is %.9g instead of %.9g", recipe, how,
                             p, x, y, (double)v, (double)u);
                if (isnan(v)) fail_msg("%s, %s: NaN at (%d, %d)", recipe, how, x, y);
            }
}

/* Ways to cut an image up. */
static const struct {
    int tile_w, strip_rows, threads;
} CUT[] = {{7, 5, 2}, {1000, 8, 3}, {0, 0, 1}, {0, 0, 2}, {1000, 1, 1}, {13, 64, 3}, {3, 1000, 2}};
#define ALL_CUTS (sizeof CUT / sizeof *CUT)
#define FEW_CUTS 2

/* The recipe on `in`, cut up in every way, against the whole. A recipe that the image does not
 * suit must be refused in the same way by both. */
static void check_cuts(const char *recipe, const ibx_image *in, size_t cuts) {
    ibx_error err = {0}, engine_err = {0};
    ibx_image whole;
    const bool ok = whole_apply(recipe, in, &whole, &err);
    ibx_recipe *parsed = ibx_recipe_parse(recipe, &err);
    if (!parsed) fail_msg("%s: %s", recipe, err.text);
    for (size_t i = 0; i < cuts; i++) {
        char how[100];
        snprintf(how, sizeof how, "%d x %d x %d planes in tiles of %d x %d, %d threads", in->head.w,
                 in->head.h, ibx_planes(&in->head), CUT[i].tile_w, CUT[i].strip_rows,
                 CUT[i].threads);
        const ibx_tuning tuning = {
            .tile_w = CUT[i].tile_w, .strip_rows = CUT[i].strip_rows, .poison = true};
        const ibx_limits limits = {.threads = CUT[i].threads};
        ibx_image out;
        if (ibx_apply_tuned(parsed, in, IBX_F32, &tuning, &out, &limits, &engine_err) != ok)
            fail_msg("%s, %s: %s", recipe, how, ok ? engine_err.text : "not refused");
        if (ok) check_equal(recipe, how, &whole, &out);
        ibx_image_free(&out);
    }
    ibx_recipe_free(parsed);
    if (ok) whole_free(&whole);
}

/* ---- recipes ----------------------------------------------------------------------------------
 */

/* Calls `use` with one recipe for each end of each range, and for each word. */
static void each_end(const ibx_filter *f, void (*use)(const char *recipe)) {
    char recipe[256], value[64];
    for (const ibx_param *row = f->params; row && row->name; row++) {
        const bool number = row->type == IBX_TYPE_FLOAT || row->type == IBX_TYPE_INT;
        const int choices = row->type == IBX_TYPE_BOOL ? 2 : row->type == IBX_TYPE_CHOICE ? 64 : 0;
        for (int i = 0; i < (number ? 2 : choices); i++) {
            if (row->type == IBX_TYPE_CHOICE && !row->choices[i]) break;
            if (number)
                snprintf(value, sizeof value, "%.9g", i ? row->max : row->min);
            else
                snprintf(value, sizeof value, "%s",
                         row->type == IBX_TYPE_BOOL ? (i ? "yes" : "no") : row->choices[i]);
            snprintf(recipe, sizeof recipe, "%s:%s=%s", f->name, row->name, value);
            ibx_recipe *parsed = ibx_recipe_parse(recipe, NULL);
            if (parsed) use(recipe); /* some values make sense only beside others */
            ibx_recipe_free(parsed);
        }
    }
}

static void each_example(const ibx_filter *f, void (*use)(const char *recipe)) {
    for (int i = 0; i < 4 && f->examples[i]; i++) use(f->examples[i]);
}

static void on_usual_images(const char *recipe) {
    static const struct {
        ibx_model model;
        bool alpha;
    } KIND[] = {{IBX_RGB, false}, {IBX_RGB, true}, {IBX_GRAY, false}, {IBX_GRAY, true}};
    for (size_t i = 0; i < sizeof KIND / sizeof *KIND; i++) {
        ibx_image im = picture(71, 45, KIND[i].model, KIND[i].alpha);
        check_cuts(recipe, &im, ALL_CUTS);
        whole_free(&im);
    }
}

static void on_small_image(const char *recipe) {
    ibx_image im = picture(37, 29, IBX_RGB, true);
    check_cuts(recipe, &im, FEW_CUTS);
    whole_free(&im);
}

static void on_tiny_images(const char *recipe) {
    static const int SIZE[][2] = {{1, 1}, {3, 2}, {1, 9}, {17, 1}};
    for (size_t i = 0; i < sizeof SIZE / sizeof *SIZE; i++) {
        ibx_image im = picture(SIZE[i][0], SIZE[i][1], IBX_RGB, i % 2);
        check_cuts(recipe, &im, FEW_CUTS);
        whole_free(&im);
    }
}

static void over_filters(void (*each)(const ibx_filter *f, void (*use)(const char *recipe)),
                         void (*use)(const char *recipe)) {
    size_t n;
    const ibx_filter *const *filters = ibx_filters(&n);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) each(filters[i], use);
}

/* ---- tests ------------------------------------------------------------------------------------
 */

static void test_examples(void **state) {
    (void)state;
    over_filters(each_example, on_usual_images);
}

static void test_ends_of_ranges(void **state) {
    (void)state;
    over_filters(each_end, on_small_image);
}

static void test_tiny_images(void **state) {
    (void)state;
    over_filters(each_example, on_tiny_images);
    over_filters(each_end, on_tiny_images);
}

/* Several filters in one stage, and stages behind one another. */
static void test_chains(void **state) {
    (void)state;
    static const char *const CHAIN[] = {
        "blur:1.5/unsharp/invert",
        "resize:50%/unsharp:0.8/rotate:90/blur:2",
        "gamma:1.2/flip:vertical/median:2/box_blur:3",
        "autolevels/blur:9/equalize/resize:40x/clahe",
        "rotate:90/autolevels/rotate:270",
        "crop:40x30/pad:90x80/rotate:33/resize:150%",
        "blur:3/blur:3/blur:3/blur:12",
    };
    for (size_t i = 0; i < sizeof CHAIN / sizeof *CHAIN; i++) {
        ibx_image im = picture(131, 97, IBX_RGB, i % 2);
        ibx_recipe *parsed = ibx_recipe_parse(CHAIN[i], NULL);
        if (!parsed) fail_msg("%s does not parse", CHAIN[i]);
        ibx_recipe_free(parsed);
        check_cuts(CHAIN[i], &im, ALL_CUTS);
        whole_free(&im);
    }
}

/* Filters that read 8-bit samples by themselves, at once or at a depth of the recipe where they
 * cannot: blocks of all sizes, whole and standing over the edge, and rows are the same either way.
 */
static const char *const PACKED[] = {"resize:29x19,fill",
                                     "resize:20x11,fill",
                                     "resize:13x8,fill",
                                     "resize:10x25,fill",
                                     "resize:9x2,fill",
                                     "resize:1x1,fill",
                                     "thumb:12x12,kernel=linear",
                                     "resize:97x3,fill",
                                     "thumb:14x9,kernel=catrom",
                                     "resize:12x,light=encoded",
                                     "resize:18x/blur:1",
                                     "resize:9x,kernel=mitchell",
                                     "thumb:7x9,attention",
                                     "invert/resize:17x",
                                     "resize:60x40,fill",
                                     "resize:60x40,fill,light=encoded",
                                     "resize:163x33,fill,light=encoded",
                                     "resize:300x250,fill,light=encoded",
                                     "resize:163x210,fill,kernel=box",
                                     "resize:80x50,fill,kernel=nearest",
                                     "blur:5.1",
                                     "blur:8",
                                     "blur:8,light=linear",
                                     "blur:30/invert",
                                     "resize:50%/blur:30",
                                     "blur:250"};

static void test_packed(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof PACKED / sizeof *PACKED; i++) {
        ibx_image rgb = packed_picture(163, 101, IBX_RGB), gray = packed_picture(90, 77, IBX_GRAY);
        check_cuts(PACKED[i], &rgb, ALL_CUTS);
        check_cuts(PACKED[i], &gray, ALL_CUTS);
        whole_free(&rgb);
        whole_free(&gray);
    }
}

static void print_digest(const char *recipe, const ibx_image *out) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a over the samples */
    const uint8_t *byte = out->pixels;
    for (size_t b = 0; b < out->stride * (size_t)out->head.h; b++)
        hash = (hash ^ byte[b]) * 1099511628211u;
    printf("%s %016llx\n", recipe, (unsigned long long)hash);
}

/* One line: what the engine makes of an image. */
static void print_made(const char *text, const ibx_image *in) {
    ibx_image out;
    const ibx_limits limits = {.threads = 1};
    ibx_recipe *recipe = ibx_recipe_parse(text, NULL);
    if (ibx_apply(recipe, in, IBX_F32, &out, &limits, NULL)) print_digest(text, &out);
    ibx_image_free(&out);
    ibx_recipe_free(recipe);
}

/* One line per recipe of PACKED, by the engine. */
static void print_packed_digests(void) {
    for (size_t i = 0; i < sizeof PACKED / sizeof *PACKED; i++) {
        ibx_image im = packed_picture(163, 101, i % 2 ? IBX_GRAY : IBX_RGB);
        print_made(PACKED[i], &im);
        whole_free(&im);
    }
}

/* Floats as files may hold them: far outside, infinite, no numbers, of both signs. */
static ibx_image odd_picture(int w, int h) {
    static const float ODD[] = {NAN, INFINITY, -INFINITY, -NAN, 1e30F, -1e30F, -0.0F, 1e-40F};
    ibx_image im = picture(w, h, IBX_RGB, false);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            if ((x * 7 + y * 11) % 53 == 0) whole_at(&im, (x + y) % 3, 0, y)[x] = ODD[x % 8];
    return im;
}

/* One line per example: what its kernels make of a usual picture, and the engine of an odd one. */
static void print_digests(void) {
    size_t n;
    const ibx_filter *const *filters = ibx_filters(&n);
    ibx_image usual = picture(71, 45, IBX_RGB, true), odd = odd_picture(71, 45), out;
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 4 && filters[i]->examples[k]; k++) {
            const char *example = filters[i]->examples[k];
            if (whole_apply(example, &usual, &out, NULL)) {
                print_digest(example, &out);
                whole_free(&out);
            }
            print_made(example, &odd);
        }
    whole_free(&usual);
    whole_free(&odd);
}

static char program[4096];

/* The lines that another process of this program prints, on the given kind of CPU. */
static char *digests_on(const char *cpu) {
    char command[5000];
    char *text = NULL;
    size_t size = 0;
    snprintf(command, sizeof command, "IMBREX_CPU=%s '%s' digests", cpu, program);
    FILE *in = popen(command, "r"), *to = open_memstream(&text, &size);
    assert_non_null(in);
    for (int c; (c = getc(in)) != EOF;) putc(c, to);
    fclose(to);
    assert_int_equal(pclose(in), 0);
    return text;
}

/* The variants of a kernel for older and newer CPUs give the same bits. */
static void test_cpu_variants(void **state) {
    (void)state;
    char *v3 = digests_on("any"), *baseline = digests_on("baseline");
    assert_non_null(strchr(v3, '\n'));
    assert_string_equal(v3, baseline);
    free(v3);
    free(baseline);
}

int main(int argc, char **argv) {
    (void)argv;
    if (chdir(SOURCE_DIR) != 0) return 1; /* where examples find their files */
    if (argc > 1) return print_digests(), print_packed_digests(), 0;
    if (readlink("/proc/self/exe", program, sizeof program - 1) < 0) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),    cmocka_unit_test(test_ends_of_ranges),
        cmocka_unit_test(test_tiny_images), cmocka_unit_test(test_chains),
        cmocka_unit_test(test_packed),      cmocka_unit_test(test_cpu_variants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
