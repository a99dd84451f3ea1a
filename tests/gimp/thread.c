/* thread - threads for the engine are lent again and never end, so that what OpenMP's own threads
 * keep of them stays good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "gimp/thread.h"
#include "imbrex.h"
#include <glib.h>
#include <stdlib.h>
#include <unistd.h>

enum { SIDE = 300, ROUNDS = 60 };

typedef struct {
    pid_t id;
    int milliseconds;
    ibx_recipe *recipe;
    ibx_image in;
    bool ok;
} errand;

static void rest(void *data) {
    errand *e = data;
    e->id = gettid();
    g_usleep((gulong)e->milliseconds * 1000);
}

static bool lives(pid_t id) {
    char name[64];
    snprintf(name, sizeof name, "/proc/self/task/%d", (int)id);
    return access(name, F_OK) == 0;
}

static void test_waits(void **state) {
    (void)state;
    errand e = {.milliseconds = 200};
    ibx_gimp_thread *t = ibx_gimp_thread_start(rest, &e);
    assert_non_null(t);
    assert_false(ibx_gimp_thread_wait(t, 1));
    assert_true(ibx_gimp_thread_wait(t, 60000));
    ibx_gimp_thread_join(t);
    assert_true(e.id != gettid());
}

/* Several at once, and then one that is the last of them again. */
static void test_never_end(void **state) {
    (void)state;
    enum { COUNT = 5 };
    errand e[COUNT], again = {.milliseconds = 0};
    ibx_gimp_thread *t[COUNT];
    for (int i = 0; i < COUNT; i++) {
        e[i] = (errand){.milliseconds = 100};
        assert_non_null(t[i] = ibx_gimp_thread_start(rest, &e[i]));
    }
    for (int i = 0; i < COUNT; i++) ibx_gimp_thread_join(t[i]);
    g_usleep(100000);
    for (int i = 0; i < COUNT; i++) assert_true(lives(e[i].id));
    ibx_gimp_thread_join(ibx_gimp_thread_start(rest, &again));
    assert_int_equal(again.id, e[COUNT - 1].id);
}

static void apply(void *data) {
    errand *e = data;
    ibx_image out;
    e->ok = ibx_apply(e->recipe, &e->in, IBX_U8, &out, NULL, NULL);
    ibx_image_free(&out);
}

/* One root after another, and two at a time, with tasks of each. */
static void test_roots(void **state) {
    (void)state;
    const ibx_head head = {.w = SIDE,
                           .h = SIDE,
                           .full_w = SIDE,
                           .full_h = SIDE,
                           .model = IBX_RGB,
                           .orientation = 1,
                           .depth = 8,
                           .shrink = 1};
    errand e[2] = {0};
    for (int k = 0; k < 2; k++) {
        e[k].recipe = ibx_recipe_parse("blur:3/resize:50%", NULL);
        e[k].in = (ibx_image){
            .head = head, .sample = IBX_U8, .stride = SIDE * 3, .pixels = calloc(SIDE, SIDE * 3)};
        assert_non_null(e[k].in.pixels);
    }
    for (int i = 0; i < ROUNDS; i++) {
        ibx_gimp_thread *t[2];
        for (int k = 0; k < 2; k++) assert_non_null(t[k] = ibx_gimp_thread_start(apply, &e[k]));
        for (int k = 0; k < 2; k++) {
            ibx_gimp_thread_join(t[k]);
            assert_true(e[k].ok);
        }
    }
    for (int k = 0; k < 2; k++) {
        ibx_recipe_free(e[k].recipe);
        free(e[k].in.pixels);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_waits),
                                       cmocka_unit_test(test_never_end),
                                       cmocka_unit_test(test_roots)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
