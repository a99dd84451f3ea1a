/* preview.c - the thread behind a preview of the plug-in: its tiles are the result of the whole
 * layer, as a screen shows it, whatever was asked for meanwhile. */
#include "core/pixels.h"
#include "gimp/model/render.h"
#include "gimp/model/screen.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* ---- pictures -------------------------------------------------------------------------------- */

static ibx_image picture(int w, int h, ibx_sample sample, bool alpha) {
    ibx_image im = {.head = {.w = w,
                             .h = h,
                             .full_w = w,
                             .full_h = h,
                             .model = IBX_RGB,
                             .alpha = alpha,
                             .orientation = 1,
                             .shrink = 1,
                             .depth = 8 * (int)ibx_sample_size(sample)},
                    .sample = sample};
    const int planes = ibx_planes(&im.head);
    im.stride = (size_t)(w * planes) * ibx_sample_size(sample);
    im.pixels = malloc(im.stride * (size_t)h);
    assert_non_null(im.pixels);
    uint32_t seed = 1;
    for (int i = 0; i < w * h * planes; i++) {
        seed = seed * 1664525u + 1013904223u;
        const unsigned v = (unsigned)(i * 37 + i / w * 91) % 65536 / 2 + (seed >> 17);
        if (sample == IBX_U8) ((uint8_t *)im.pixels)[i] = (uint8_t)(v >> 8);
        if (sample == IBX_U16) ((uint16_t *)im.pixels)[i] = (uint16_t)v;
        if (sample == IBX_F32) ((float *)im.pixels)[i] = (float)v / 60000 - 0.02f;
    }
    return im;
}

static ibx_gimp_subject subject_of(const ibx_image *im) {
    return (ibx_gimp_subject){
        .pixels = im, .selected = {0, 0, im->head.w, im->head.h}, .marked = 1};
}

/* The whole result as a screen shows it. malloc'd. */
static uint32_t *shown(const ibx_image *im, const char *text, ibx_head *head) {
    ibx_image out = *im;
    ibx_recipe *recipe = text ? ibx_recipe_parse(text, NULL) : NULL;
    if (text) assert_true(ibx_apply(recipe, im, im->sample, &out, NULL, NULL));
    *head = out.head;
    uint32_t *pixels = malloc((size_t)head->w * (size_t)head->h * sizeof *pixels);
    ibx_window_screen *screen = ibx_window_screen_new(head, im->sample, (ibx_bytes){0});
    const ibx_region whole = {
        .at = {0, 0, head->w, head->h}, .stride = (ptrdiff_t)out.stride, .data = out.pixels};
    ibx_window_screen_show(screen, &whole, pixels);
    ibx_window_screen_free(screen);
    if (text) ibx_image_free(&out);
    ibx_recipe_free(recipe);
    return pixels;
}

/* ---- watching -------------------------------------------------------------------------------- */

static void count_wake(void *user) {
    atomic_fetch_add((atomic_int *)user, 1);
}

static void nap(void) {
    nanosleep(&(struct timespec){0, 1000000}, NULL);
}

/* Until everything that is visible is there. */
static ibx_window_state settle(ibx_window_render *render) {
    ibx_window_state s;
    for (int i = 0; i < 30000; i++) {
        ibx_window_render_state(render, &s);
        if (!s.busy) return s;
        nap();
    }
    fail_msg("it is busy for 30 seconds");
    return s;
}

typedef struct {
    const uint32_t *wanted; /* of the whole picture */
    const ibx_window_state *state;
    bool before;      /* the layer is compared, not the result */
    ibx_rect visible; /* how much of it was seen */
    int64_t seen;
} comparison;

static void compare(void *user, const ibx_window_tile *tile) {
    comparison *c = user;
    const uint32_t *pixels = c->before ? tile->before : tile->after;
    const ibx_rect at = tile->at, v = c->visible;
    assert_non_null(pixels);
    for (int y = at.y; y < at.y + at.h; y++)
        for (int x = at.x; x < at.x + at.w; x++) {
            const uint32_t got = pixels[(size_t)(y - at.y) * (size_t)at.w + (size_t)(x - at.x)];
            if (got != c->wanted[(size_t)y * (size_t)c->state->w + (size_t)x])
                fail_msg("pixel %d,%d is %06x", x, y, got);
            c->seen += x >= v.x && y >= v.y && x < v.x + v.w && y < v.y + v.h;
        }
}

static void check_picture(ibx_window_render *render, const ibx_image *im, const char *text,
                          ibx_rect visible, bool before) {
    ibx_window_render_look(render, visible);
    const ibx_window_state s = settle(render);
    ibx_head head;
    assert_string_equal(s.problem, "");
    uint32_t *wanted = shown(im, before ? NULL : text, &head);
    assert_true(s.w == head.w && s.h == head.h);
    comparison c = {.wanted = wanted, .state = &s, .before = before, .visible = visible};
    ibx_window_render_paint(render, compare, &c);
    assert_int_equal(c.seen, (int64_t)visible.w * visible.h);
    free(wanted);
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* Recipes of all kinds: points, halos, looks at the whole, several stages, turns. */
static const char *const RECIPES[] = {"invert",
                                      "blur:3",
                                      "blur:40",
                                      "autolevels",
                                      "median:2/invert",
                                      "flip",
                                      "unsharp/levels:in_black=0.1",
                                      "equalize/blur:2"};
enum { COUNT = sizeof RECIPES / sizeof *RECIPES };

static void test_equal(void **state) {
    (void)state;
    for (ibx_sample sample = IBX_U8; sample <= IBX_F32; sample++) {
        atomic_int wakes = 0;
        ibx_image im = picture(500, 330, sample, sample != IBX_U8);
        const ibx_gimp_subject subject = subject_of(&im);
        ibx_window_render *r = ibx_window_render_new(&subject, count_wake, &wakes);
        check_picture(r, &im, NULL, (ibx_rect){10, 20, 200, 100}, true);
        for (int i = 0; i < COUNT; i++) {
            ibx_window_render_set(r, RECIPES[i]);
            check_picture(r, &im, RECIPES[i], (ibx_rect){40 * i, 10 * i, 200, 250}, false);
            check_picture(r, &im, NULL, (ibx_rect){40 * i, 10 * i, 200, 250}, true);
        }
        assert_true(atomic_load(&wakes) > COUNT);
        ibx_window_render_free(r);
        ibx_image_free(&im);
    }
}

/* Whatever is asked for in whatever haste, the last one is what is shown. */
static void test_latest_wins(void **state) {
    (void)state;
    atomic_int wakes = 0;
    ibx_image im = picture(700, 500, IBX_U8, false);
    const ibx_gimp_subject subject = subject_of(&im);
    ibx_window_render *r = ibx_window_render_new(&subject, count_wake, &wakes);
    for (int round = 0; round < 8; round++) {
        for (int i = 0; i < 40; i++) {
            ibx_window_render_set(r, RECIPES[(i * 5 + round) % COUNT]);
            ibx_window_render_look(r, (ibx_rect){i * 7 % 300, i * 11 % 200, 300, 200});
            if (i % 8 == 0) nap();
        }
        ibx_window_render_set(r, RECIPES[round]);
        check_picture(r, &im, RECIPES[round], (ibx_rect){round * 20, 90, 333, 222}, false);
    }
    ibx_window_render_set(r, "median:30");
    ibx_window_render_free(r); /* while it is busy */
    ibx_image_free(&im);
}

static void test_size(void **state) {
    (void)state;
    atomic_int wakes = 0;
    ibx_image im = picture(600, 400, IBX_U16, false);
    const ibx_gimp_subject subject = subject_of(&im);
    ibx_window_render *r = ibx_window_render_new(&subject, count_wake, &wakes);
    ibx_window_render_look(r, (ibx_rect){100, 100, 200, 200});
    ibx_window_render_set(r, "resize:150");
    const ibx_window_state s = settle(r);
    assert_true(s.resized && s.w == 150 && s.h == 100);
    check_picture(r, &im, "resize:150", (ibx_rect){0, 0, 150, 100}, false);
    ibx_window_render_set(r, "blur:1");
    check_picture(r, &im, "blur:1", (ibx_rect){0, 0, 150, 100}, false);
    ibx_window_render_free(r);
    ibx_image_free(&im);
}

/* A recipe that fails is said, and the picture stays. */
static void test_problem(void **state) {
    (void)state;
    atomic_int wakes = 0;
    ibx_image im = picture(300, 200, IBX_U8, false);
    const ibx_gimp_subject subject = subject_of(&im);
    const ibx_rect all = {0, 0, 300, 200};
    ibx_window_render *r = ibx_window_render_new(&subject, count_wake, &wakes);
    ibx_window_render_set(r, "invert");
    check_picture(r, &im, "invert", all, false);
    ibx_window_render_set(r, "invert:7");
    assert_non_null(strstr(settle(r).problem, "amount is 7"));
    ibx_window_render_set(r, "invert/save:png");
    assert_non_null(strstr(settle(r).problem, "save"));
    ibx_window_render_set(r, "invert");
    check_picture(r, &im, "invert", all, false);
    ibx_window_render_free(r);
    ibx_image_free(&im);
}

typedef struct {
    ibx_rect box;
    const uint8_t *mask;
} selection;

static double light_of(int sample) {
    const double v = sample / 255.0;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

/* The next byte to what is mixed in linear light. */
static int mixed(int before, int after, int part) {
    const double v = light_of(before) + (light_of(after) - light_of(before)) * part / 255;
    return (int)lround(255 * (v <= 0.0031308 ? v * 12.92 : 1.055 * pow(v, 1 / 2.4) - 0.055));
}

static void selected_only(void *user, const ibx_window_tile *tile) {
    const selection *s = user;
    const ibx_rect at = tile->at, box = s->box;
    for (int i = 0; i < at.w * at.h; i++) {
        const int x = at.x + i % at.w - box.x, y = at.y + i / at.w - box.y;
        const bool inside = x >= 0 && x < box.w && y >= 0 && y < box.h;
        const int part = !inside ? 0 : s->mask ? s->mask[y * box.w + x] : 255;
        const int before = (int)(tile->before[i] & 255), after = (int)(tile->after[i] & 255);
        if (after != mixed(before, 255 - before, part))
            fail_msg("%d of 255 is selected: %d becomes %d", part, before, after);
    }
}

/* A box, and an ellipse with a soft edge in it. */
static void test_selection(void **state) {
    (void)state;
    atomic_int wakes = 0;
    static uint8_t mask[100 * 70];
    ibx_image im = picture(300, 200, IBX_U8, false);
    selection s = {.box = {50, 60, 100, 70}};
    for (int i = 0; i < 100 * 70; i++) {
        const double away = hypot((i % 100 - 50) / 50.0, (i / 100.0 - 35) / 35);
        mask[i] = (uint8_t)(255 * fmin(fmax(4 - 4 * away, 0), 1));
    }
    for (int soft = 0; soft < 2; soft++) {
        ibx_gimp_subject subject = subject_of(&im);
        subject.selected = s.box;
        subject.mask = s.mask = soft ? mask : NULL;
        ibx_window_render *r = ibx_window_render_new(&subject, count_wake, &wakes);
        ibx_window_render_set(r, "invert");
        ibx_window_render_look(r, (ibx_rect){0, 0, 300, 200});
        settle(r);
        ibx_window_render_paint(r, selected_only, &s);
        ibx_window_render_free(r);
    }
    ibx_image_free(&im);
}

/* The colours are the result's, the transparency is the layer's. */
static void test_locked_alpha(void **state) {
    (void)state;
    atomic_int wakes = 0;
    for (ibx_sample sample = IBX_U8; sample <= IBX_F32; sample++) {
        ibx_image im = picture(300, 200, sample, true), turned;
        ibx_recipe *recipe = ibx_recipe_parse("flip", NULL);
        assert_true(ibx_apply(recipe, &im, sample, &turned, NULL, NULL));
        const size_t size = ibx_sample_size(sample);
        for (size_t y = 0; y < 200; y++)
            for (size_t x = 3 * size; x < 300 * 4 * size; x += 4 * size)
                memcpy((uint8_t *)turned.pixels + y * turned.stride + x,
                       (uint8_t *)im.pixels + y * im.stride + x, size);
        ibx_gimp_subject subject = subject_of(&im);
        subject.lock_alpha = true;
        ibx_window_render *r = ibx_window_render_new(&subject, count_wake, &wakes);
        ibx_window_render_set(r, "flip");
        check_picture(r, &turned, NULL, (ibx_rect){0, 0, 300, 200}, false);
        ibx_window_render_free(r);
        ibx_recipe_free(recipe);
        ibx_image_free(&turned);
        ibx_image_free(&im);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),     cmocka_unit_test(test_latest_wins),
        cmocka_unit_test(test_size),      cmocka_unit_test(test_problem),
        cmocka_unit_test(test_selection), cmocka_unit_test(test_locked_alpha)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
