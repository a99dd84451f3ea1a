/* batch - what stands behind the window of batches: orders, the look ahead, runs in threads with
 * their failures and report; and the times of steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "gimp/model/batch_work.h"
#include "gimp/model/timing.h"
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gstdio.h>
#include <stdlib.h>

enum { IMAGES = 30 };

typedef struct {
    char *folder, *in, *out;
    ibx_gimp_order order;
} place;

static GdkPixbuf *noise(int w, int h) {
    GdkPixbuf *pixels = gdk_pixbuf_new(GDK_COLORSPACE_RGB, FALSE, 8, w, h);
    guint seed = 1;
    guchar *data = gdk_pixbuf_get_pixels(pixels);
    for (gsize i = 0; i < gdk_pixbuf_get_byte_length(pixels); i++)
        data[i] = (guchar)((seed = seed * 1664525 + 1013904223) >> 24);
    return pixels;
}

/* A folder of images, one of them broken. */
static int make(void **state) {
    place *p = g_new0(place, 1);
    p->folder = g_dir_make_tmp("imbrex-batch-XXXXXX", NULL);
    p->in = g_build_filename(p->folder, "in", NULL);
    p->out = g_build_filename(p->folder, "out", NULL);
    g_mkdir(p->in, 0700);
    GdkPixbuf *pixels = noise(300, 200);
    for (int i = 0; i < IMAGES; i++) {
        char name[16], *path;
        snprintf(name, sizeof name, "%02d.png", i);
        path = g_build_filename(p->in, name, NULL);
        gdk_pixbuf_save(pixels, path, "png", NULL, NULL);
        g_free(path);
    }
    g_object_unref(pixels);
    char *broken = g_build_filename(p->in, "broken.png", NULL);
    g_file_set_contents(broken, "no image", -1, NULL);
    g_free(broken);
    ibx_gimp_order_new(&p->order, NULL);
    ibx_gimp_order_text(&p->order.recipe, "blur:3");
    ibx_gimp_order_text(&p->order.input, p->in);
    ibx_gimp_order_text(&p->order.output, p->out);
    *state = p;
    return 0;
}

static void remove_all(const char *path) {
    GDir *folder = g_dir_open(path, 0, NULL);
    for (const char *name; folder && (name = g_dir_read_name(folder));) {
        char *inside = g_build_filename(path, name, NULL);
        remove_all(inside);
        g_free(inside);
    }
    if (folder) g_dir_close(folder);
    g_remove(path);
}

static int unmake(void **state) {
    place *p = *state;
    remove_all(p->folder);
    ibx_gimp_order_free(&p->order);
    g_free(p->folder);
    g_free(p->in);
    g_free(p->out);
    g_free(p);
    return 0;
}

/* How many files the folder of results holds; *odd: names that no complete file has. */
static int results(const place *p, int *odd) {
    GDir *folder = g_dir_open(p->out, 0, NULL);
    int count = 0;
    *odd = 0;
    for (const char *name; folder && (name = g_dir_read_name(folder)); count++)
        *odd += !g_str_has_suffix(name, ".png") || name[0] == '.';
    if (folder) g_dir_close(folder);
    return count;
}

static void wait_for(ibx_window_run *run, ibx_totals *totals, ibx_error *err) {
    for (int i = 0; i < 6000 && !ibx_window_run_look(run, totals, err); i++) g_usleep(10000);
    assert_true(ibx_window_run_look(run, totals, err));
}

static void test_orders_are_kept(void **state) {
    place *p = *state;
    ibx_gimp_order *o = &p->order, read;
    assert_true(ibx_gimp_order_new(&read, NULL));
    ibx_gimp_order_text(&o->input, "a b\nc: 5:d");
    ibx_gimp_order_text(&o->name, "{stem} 3:x{ext}");
    o->quality = 70;
    o->if_exists = IBX_EXISTS_SKIP;
    o->metadata = IBX_META_NO_GPS;
    o->threads = 3;
    o->memory = 100;
    o->keep_time = 1;
    char *text = ibx_gimp_order_print(o);
    assert_true(ibx_gimp_order_read(&read, text));
    char *again = ibx_gimp_order_print(&read);
    assert_string_equal(text, again);
    assert_string_equal(read.input, "a b\nc: 5:d");
    assert_int_equal(read.threads, 3);
    assert_int_equal(read.memory, 100);
    assert_int_equal(read.keep_time, 1);
    text[strlen(text) - 1] = 0;
    assert_false(ibx_gimp_order_read(&read, text));
    assert_false(ibx_gimp_order_read(&read, "1 2 3"));
    assert_string_equal(read.name, "{stem} 3:x{ext}");
    free(text);
    free(again);
    ibx_gimp_order_free(&read);
}

static void test_runs(void **state) {
    place *p = *state;
    ibx_error err = {0};
    ibx_totals t;
    ibx_window_run *run = ibx_window_run_start(&p->order, &err);
    assert_non_null(run);
    wait_for(run, &t, &err);
    assert_int_equal(err.code, IBX_OK);
    assert_int_equal(t.done, IMAGES);
    assert_int_equal(t.failed, 1);
    const ibx_window_failure *f = ibx_window_run_failure(run, 0);
    assert_non_null(f);
    assert_true(g_str_has_suffix(f->input, "/broken.png"));
    assert_true(f->failed && *f->sentence && !strstr(f->sentence, "broken.png"));
    assert_null(ibx_window_run_failure(run, 1));
    int odd, lines = 0;
    assert_int_equal(results(p, &odd), IMAGES);
    assert_int_equal(odd, 0);
    size_t size;
    const char *report = ibx_window_run_report(run, &size);
    for (size_t i = 0; i < size; i++) lines += report[i] == '\n';
    assert_int_equal(lines, IMAGES + 2); /* the broken one and the summary */
    assert_non_null(strstr(report, "\"status\":\"summary\""));
    assert_non_null(strstr(report, "\"recipe\":\"blur:3\""));
    ibx_window_run_free(run);
}

/* Dropped at once: few files, and no half of one. */
static void test_cancels(void **state) {
    place *p = *state;
    ibx_error err = {0};
    ibx_totals t;
    int odd;
    p->order.threads = 1;
    ibx_gimp_order_text(&p->order.recipe, "blur:200/median:9/blur:200/median:9");
    ibx_window_run *run = ibx_window_run_start(&p->order, &err);
    assert_non_null(run);
    for (int i = 0; i < 1000 && !ibx_window_run_look(run, &t, &err) && t.listed == 0; i++)
        g_usleep(1000);
    ibx_window_run_cancel(run);
    wait_for(run, &t, &err);
    assert_int_equal(err.code, IBX_CANCELLED);
    assert_in_range(results(p, &odd), 0, IMAGES - 1);
    assert_int_equal(odd, 0);
    assert_int_equal(results(p, &odd), t.done);
    ibx_window_run_free(run);
}

static void test_stops(void **state) {
    place *p = *state;
    ibx_error err = {0};
    ibx_totals t;
    int odd;
    p->order.threads = 1;
    ibx_gimp_order_text(&p->order.recipe, "median:9/blur:200/median:9");
    ibx_window_run *run = ibx_window_run_start(&p->order, &err);
    assert_non_null(run);
    for (int i = 0; i < 6000 && !ibx_window_run_look(run, &t, &err) && t.done == 0; i++)
        g_usleep(1000);
    ibx_window_run_stop(run);
    wait_for(run, &t, &err);
    assert_int_equal(err.code, IBX_CANCELLED);
    assert_in_range(t.done, 1, IMAGES - 1);
    assert_int_equal(results(p, &odd), t.done);
    assert_int_equal(odd, 0);
    ibx_window_run_free(run);
}

static void test_refuses(void **state) {
    place *p = *state;
    ibx_error err = {0};
    ibx_gimp_order_text(&p->order.recipe, "blur:900");
    assert_null(ibx_window_run_start(&p->order, &err));
    assert_non_null(strstr(err.text, "sigma is 900"));
    ibx_gimp_order_text(&p->order.recipe, "blur:3");
    ibx_gimp_order_text(&p->order.name, "../{stem}{ext}");
    assert_null(ibx_window_run_start(&p->order, &err));
    ibx_gimp_order_text(&p->order.name, "");
    ibx_gimp_order_text(&p->order.output, "results");
    assert_null(ibx_window_run_start(&p->order, &err));
    assert_non_null(strstr(err.text, "results does not say where"));
    ibx_gimp_order_text(&p->order.output, p->out);
    ibx_gimp_order_text(&p->order.input, "\n\n");
    assert_null(ibx_window_run_start(&p->order, &err));
    assert_int_equal(err.code, IBX_USAGE);
}

/* "~/" in all three names. */
static void test_home(void **state) {
    place *p = *state;
    ibx_error err = {0};
    ibx_totals t;
    int odd;
    char *recipe = g_build_filename(p->folder, "a.ibx", NULL), *home = g_strdup(g_getenv("HOME"));
    g_file_set_contents(recipe, "invert", -1, NULL);
    g_setenv("HOME", p->folder, TRUE);
    ibx_gimp_order_text(&p->order.recipe, "~/a.ibx");
    ibx_gimp_order_text(&p->order.input, "~/in/01.png\n~/in/02.png");
    ibx_gimp_order_text(&p->order.output, "~/out");
    ibx_window_run *run = ibx_window_run_start(&p->order, &err);
    assert_non_null(run);
    wait_for(run, &t, &err);
    ibx_window_run_free(run);
    if (home)
        g_setenv("HOME", home, TRUE);
    else
        g_unsetenv("HOME");
    assert_int_equal(results(p, &odd), 2);
    assert_string_equal(p->order.output, "~/out"); /* as it is kept */
    g_free(home);
    g_free(recipe);
}

static const ibx_window_sight *look(ibx_window_look *l) {
    assert_non_null(l);
    for (int i = 0; i < 6000 && !ibx_window_look_result(l); i++) g_usleep(10000);
    const ibx_window_sight *sight = ibx_window_look_result(l);
    assert_non_null(sight);
    return sight;
}

static void test_looks_ahead(void **state) {
    place *p = *state;
    ibx_window_look *l = ibx_window_look_start(&p->order);
    const ibx_window_sight *s = look(l);
    assert_true(s->ok);
    assert_int_equal(s->outline.images, IMAGES + 1);
    assert_int_equal(s->outline.files, IMAGES + 1);
    assert_int_equal(s->outline.existing, 0);
    ibx_window_look_free(l);

    char *there = g_build_filename(p->out, "03.png", NULL);
    g_mkdir(p->out, 0700);
    g_file_set_contents(there, "old", -1, NULL);
    g_free(there);
    l = ibx_window_look_start(&p->order);
    assert_int_equal(look(l)->outline.existing, 1);
    ibx_window_look_free(l);

    ibx_gimp_order_text(&p->order.name, "same{ext}");
    l = ibx_window_look_start(&p->order);
    s = look(l);
    assert_false(s->ok);
    assert_non_null(strstr(s->error.text, "same.png"));
    int lines = 0;
    for (const char *c = s->collisions; *c; c++) lines += *c == '\n';
    assert_int_equal(lines, IMAGES);
    assert_true(s->by_name);
    assert_null(strstr(s->collisions, "--name"));
    assert_null(strstr(s->error.text, "--name"));
    ibx_window_look_free(l);
}

/* What exists, or collides, below a folder whose name is no UTF-8: sentences are. */
static void test_odd_names(void **state) {
    place *p = *state;
    ibx_error err = {0};
    ibx_totals t;
    char *odd = g_build_filename(p->in, "odd\xe4", NULL);
    char *input = g_build_filename(odd, "b.png", NULL), *there;
    there = g_build_filename(p->out, "odd\xe4", "b.png", NULL);
    g_mkdir(odd, 0700);
    g_file_set_contents(input, "no image", -1, NULL);
    g_mkdir_with_parents(there, 0700);
    char *second = g_build_filename(odd, "c.png", NULL);
    g_file_set_contents(second, "no image", -1, NULL);
    ibx_gimp_order_text(&p->order.input, odd);
    ibx_gimp_order_text(&p->order.name, "b{ext}");
    ibx_window_look *l = ibx_window_look_start(&p->order);
    const ibx_window_sight *s = look(l);
    assert_non_null(strstr(s->collisions, "odd?/c.png would both"));
    assert_non_null(strstr(s->error.text, "odd?/c.png would both"));
    ibx_window_look_free(l);

    g_remove(second);
    ibx_gimp_order_text(&p->order.input, p->in);
    ibx_gimp_order_text(&p->order.name, "");
    ibx_window_run *run = ibx_window_run_start(&p->order, &err);
    assert_non_null(run);
    wait_for(run, &t, &err);
    const ibx_window_failure *f;
    bool met = false;
    for (size_t i = 0; (f = ibx_window_run_failure(run, i)); i++)
        if (strcmp(f->input, input) == 0) /* that of the file system */
            met = strstr(f->sentence, "odd?/b.png") != NULL;
    assert_true(met);
    ibx_window_run_free(run);
    g_free(there);
    g_free(second);
    g_free(input);
    g_free(odd);
}

static void test_times(void **state) {
    (void)state;
    GdkPixbuf *pixels = noise(800, 600);
    const ibx_image image = {.head = {.w = 800,
                                      .h = 600,
                                      .full_w = 800,
                                      .full_h = 600,
                                      .model = IBX_RGB,
                                      .orientation = 1,
                                      .depth = 8,
                                      .shrink = 1},
                             .sample = IBX_U8,
                             .stride = (size_t)gdk_pixbuf_get_rowstride(pixels),
                             .pixels = gdk_pixbuf_get_pixels(pixels)};
    ibx_gimp_timing *t = ibx_gimp_timing_start("invert/median:9", &image, (ibx_bytes){NULL, 0});
    bool ended = false;
    assert_non_null(t);
    for (int i = 0; i < 6000 && !ended; i++) {
        ibx_gimp_timing_look(t, &ended);
        g_usleep(10000);
    }
    assert_int_equal(ibx_gimp_timing_look(t, &ended), 2);
    assert_true(ibx_gimp_timing_of(t, 0) >= 0);
    assert_true(ibx_gimp_timing_of(t, 1) > ibx_gimp_timing_of(t, 0));
    ibx_gimp_timing_free(t);
    t = ibx_gimp_timing_start("median:9/median:9/median:9", &image,
                              (ibx_bytes){NULL, 0}); /* given up at once */
    ibx_gimp_timing_free(t);
    g_object_unref(pixels);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make, unmake)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(test_orders_are_kept), IN_A_FOLDER(test_runs),
        IN_A_FOLDER(test_cancels),         IN_A_FOLDER(test_stops),
        IN_A_FOLDER(test_refuses),         IN_A_FOLDER(test_home),
        IN_A_FOLDER(test_looks_ahead),     IN_A_FOLDER(test_odd_names),
        cmocka_unit_test(test_times)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
