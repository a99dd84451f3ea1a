/* latency.c - how long a preview of a layer of 24 megapixels takes, from a new value to the last
 * visible tile: at most 100 ms, where it does not take the whole layer; twice that where all of it
 * is in sight, reduced. Each recipe is tried several times, and the best counts, as other programs
 * may run. */
#include "gimp/model/render.h"
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

enum { W = 6000, H = 4000, ROUNDS = 7 };

/* Milliseconds. Steps that look at all of the layer first are printed only. */
enum { MOST = 100, MOST_OF_ALL = 200, ANY = INT_MAX };

static void ignore(void *user) {
    (void)user;
}

static double latency(ibx_window_render *render, const char *recipe) {
    ibx_window_state s = {.busy = true};
    ibx_window_render_set(render, recipe);
    while (s.busy) {
        nanosleep(&(struct timespec){0, 500000}, NULL);
        ibx_window_render_state(render, &s);
    }
    assert_string_equal(s.problem, "");
    return s.milliseconds;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void check(ibx_window_render *render, const char *first, const char *second, int most) {
    double ms[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) ms[i] = latency(render, i % 2 ? first : second);
    qsort(ms, ROUNDS, sizeof *ms, ascending);
    printf("%-24s %6.1f ms, at most %.1f\n", first, ms[ROUNDS / 2], ms[ROUNDS - 1]);
    if (ms[0] > most) fail_msg("%s takes %.0f ms", first, ms[0]);
}

static void test_latency(void **state) {
    (void)state;
    ibx_image im = {.head = {.w = W,
                             .h = H,
                             .full_w = W,
                             .full_h = H,
                             .model = IBX_RGB,
                             .orientation = 1,
                             .shrink = 1,
                             .depth = 8},
                    .stride = (size_t)W * 3,
                    .pixels = malloc((size_t)W * H * 3)};
    assert_non_null(im.pixels);
    for (size_t i = 0; i < (size_t)W * H * 3; i++)
        ((uint8_t *)im.pixels)[i] = (uint8_t)(i * 2654435761u >> 27 | i >> 9);
    const ibx_gimp_subject subject = {.pixels = &im, .selected = {0, 0, W, H}, .marked = 1};
    ibx_window_render *r = ibx_window_render_new(&subject, ignore, NULL);
    ibx_window_render_look(r, (ibx_rect){2701, 1803, 600, 450});
    check(r, "exposure:0.5", "exposure:0.6", MOST);
    check(r, "blur:10", "blur:11", MOST);
    check(r, "blur:100", "blur:101", MOST);
    check(r, "unsharp:2", "unsharp:3", MOST);
    check(r, "median:5", "median:6", MOST);
    check(r, "rotate:10", "rotate:11", MOST);
    check(r, "resize:2000", "resize:2001", MOST);
    check(r, "autolevels", "autolevels:1", ANY);
    ibx_window_render_look(r, (ibx_rect){0, 0, 600, 450});
    check(r, "resize:10%", "resize:11%", MOST_OF_ALL);
    ibx_window_render_free(r);
    free(im.pixels);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_latency)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
