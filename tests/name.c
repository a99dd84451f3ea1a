/* name.c - names and formats of outputs: templates, refusals, collisions. */
#include "engine/name.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static ibx_entry entry(const char *path, const char *dir, const char *stem, const char *suffix) {
    return (ibx_entry){(char *)path, (char *)dir, (char *)stem, (char *)suffix, 0};
}

/* The first two formats of the table: the test names none. */
static const ibx_format *format(int i) {
    size_t count;
    const ibx_format *const *all = ibx_formats(&count);
    assert_true(count >= 2);
    return all[i];
}

/* The name of save k of the recipe "" (none) or "save save" for an input; or the error. */
static void check(const char *recipe, const ibx_batch *settings, const ibx_entry *e, int save,
                  int w, int h, const char *want) {
    ibx_error err = {0};
    ibx_batch b = *settings;
    b.recipe = ibx_recipe_parse(recipe, &err);
    if (!b.recipe) fail_msg("%s: %s", recipe, err.text);
    ibx_output o = ibx_output_of(&b, e, 6, save);
    o.w = w;
    o.h = h;
    char *name = ibx_output_name(&o, &err);
    if (name)
        assert_string_equal(name, want);
    else if (!strstr(err.text, want))
        fail_msg("\"%s\" is not in: %s", want, err.text);
    free(name);
    ibx_recipe_free((ibx_recipe *)b.recipe);
}

static void fills_templates(void **state) {
    (void)state;
    const ibx_entry e = entry("in/a/b/img.JPG", "a/b/", "img", ".JPG");
    const ibx_batch plain = {0};
    check("save", &plain, &e, 0, 20, 10, "a/b/img.JPG");
    check("save save", &plain, &e, 0, 20, 10, "a/b/img-20x10.JPG");
    check("save save", &plain, &e, 1, 7, 5, "a/b/img-7x5.JPG");
    check("save save", &plain, &e, 1, 0, 0, "a/b/img-{w}x{h}.JPG");
    ibx_batch b = {.name = "{n}_{n:4}_{save}_{w:5}x{h}/{stem}{ext}"};
    check("save", &b, &e, 0, 20, 10, "7_0007_1_00020x10/img.JPG");
    b.name = "fixed";
    check("save", &b, &e, 0, 20, 10, "fixed");
    check("save:name=\"{stem}-s{ext}\" save", &plain, &e, 0, 20, 10, "img-s.JPG");
    check("save:name=\"{stem}-s{ext}\" save", &b, &e, 1, 20, 10, "fixed");
}

static void refuses_templates(void **state) {
    (void)state;
    const ibx_entry e = entry("img.jpg", "", "img", ".jpg");
    static const char *const CASES[][2] = {
        {"{stm}{ext}", "unknown field \"{stm}\"; did you mean \"{stem}\"?"},
        {"{qqqqqqqq}", "there are {dir} {stem} {ext} {w} {h} {n} {save}"},
        {"{averyveryverylongword}", "unknown field"},
        {"{stem", "a \"{\" has no \"}\""},
        {"{stem:3}", "a width is one digit behind a number"},
        {"{n:}", "a width is one digit"},
        {"{n:12}", "a width is one digit"},
        {"../{stem}{ext}", "is not a file below the output directory"},
        {"/etc/{stem}", "is not a file below"},
        {"a/../../b", "is not a file below"},
        {"a//b", "is not a file below"},
        {"./b", "is not a file below"},
        {"{dir}", "is not a file below"},
        {"..", "is not a file below"},
        {"b/", "is not a file below"}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const ibx_batch b = {.name = CASES[i][0]};
        check("save", &b, &e, 0, 1, 1, CASES[i][1]);
    }
    const ibx_batch harmless = {.name = "..{stem}/...{ext}"};
    check("save", &harmless, &e, 0, 1, 1, "..img/....jpg");
}

static void chooses_formats(void **state) {
    (void)state;
    const ibx_format *f = format(0), *g = format(1);
    const ibx_entry jpg = entry("x", "", "img", f->suffixes[0]);
    const ibx_entry odd = entry("x", "", "img", ".heic"), bare = entry("x", "", "img", "");
    char name[64], recipe[64];
    ibx_batch b = {.format = g->name};
    snprintf(name, sizeof name, "img%s", g->suffixes[0]);
    check("save", &b, &jpg, 0, 1, 1, name); /* --format */
    check("save", &b, &odd, 0, 1, 1, name);
    check("save", &b, &bare, 0, 1, 1, name);
    snprintf(recipe, sizeof recipe, "save:%s", g->name);
    b.format = f->name;
    check(recipe, &b, &jpg, 0, 1, 1, name); /* the step is stronger */
    b.format = NULL;
    check("save", &b, &odd, 0, 1, 1, "cannot write HEIC; name a format with --format or save:");
    check("save", &b, &bare, 0, 1, 1, "no suffix that tells what to write");
    b.format = "jpgg";
    check("save", &b, &jpg, 0, 1, 1, "did you mean");
    /* The suffix of a template decides if nothing else does, and may not contradict. */
    snprintf(name, sizeof name, "{stem}%s", g->suffixes[0]);
    b = (ibx_batch){.name = name};
    ibx_output o = {.batch = &b, .entry = &odd, .saves = 1};
    assert_ptr_equal(ibx_output_format(&o, NULL), g);
    b.format = f->name;
    check("save", &b, &jpg, 0, 1, 1, "but the format is");
    /* What could not be read says why. */
    ibx_entry gone = odd;
    gone.error = ENOENT;
    b = (ibx_batch){0};
    check("save", &b, &gone, 0, 1, 1, "No such file");
}

static void finds_bad_templates_early(void **state) {
    (void)state;
    ibx_error err = {0};
    ibx_batch b = {.recipe = ibx_recipe_parse("save save:name=\"{oops}\"", &err)};
    assert_non_null(b.recipe);
    assert_false(ibx_names_valid(&b, &err));
    assert_non_null(strstr(err.text, "{oops}"));
    ibx_recipe_free((ibx_recipe *)b.recipe);
    b.recipe = ibx_recipe_parse("save save", &err);
    assert_true(ibx_names_valid(&b, &err));
    b.format = "none-such";
    assert_false(ibx_names_valid(&b, &err));
    ibx_recipe_free((ibx_recipe *)b.recipe);
}

/* Do these entries collide under a template and recipe? */
static bool collide(const char *recipe, const char *template, const char *format_name,
                    ibx_entry *entries, size_t count, ibx_error *err) {
    const ibx_listing listing = {.entries = entries, .count = count};
    ibx_batch b = {
        .recipe = ibx_recipe_parse(recipe, err), .name = template, .format = format_name};
    assert_non_null(b.recipe);
    const bool found = ibx_names_collide(&b, &listing, NULL, err);
    ibx_recipe_free((ibx_recipe *)b.recipe);
    return found;
}

static void finds_collisions(void **state) {
    (void)state;
    const ibx_format *f = format(0), *g = format(1);
    ibx_entry e[] = {entry("p/z", "", "z", f->suffixes[0]), entry("p/a.1", "", "a", f->suffixes[0]),
                     entry("p/b", "", "b", ".heic"), entry("q/a", "q/", "a", f->suffixes[0]),
                     entry("p/a.2", "", "a", g->suffixes[0])};
    ibx_error err = {0};
    assert_false(collide("save", NULL, NULL, e, 5, &err));
    assert_true(collide("save", NULL, g->name, e, 5, &err));
    assert_int_equal(err.code, IBX_USAGE);
    assert_non_null(strstr(err.text, "p/a.1 and p/a.2 would both be written to a."));
    assert_false(collide("save", "{dir}{stem}-{n}{ext}", g->name, e, 5, &err));
    /* The tree is flattened: q/a meets p/a. */
    assert_true(collide("save", "{stem}{ext}", NULL, e, 4, &err));
    assert_non_null(strstr(err.text, "p/a.1 and q/a "));
    /* Sizes are not known: equal for equal saves, different for different ones. */
    assert_true(collide("save save", NULL, g->name, e, 5, &err));
    assert_false(collide("save save", NULL, NULL, e, 5, &err));
    assert_true(collide("save save", "{stem}{ext}", NULL, e, 1, &err));
    assert_non_null(strstr(err.text, "save steps 1 and 2"));
    assert_false(collide("save save", "{stem}-{save}{ext}", NULL, e, 1, &err));
    e[4] = e[1];
    assert_true(collide("save", NULL, NULL, e, 5, &err));
    assert_non_null(strstr(err.text, "p/a.1 was given twice"));
}

static void a_hundred_thousand_names_are_fast(void **state) {
    (void)state;
    enum { N = 100000 };
    ibx_entry *e = calloc(N, sizeof *e);
    char(*stem)[16] = calloc(N, sizeof *stem);
    for (int i = 0; i < N; i++) {
        snprintf(stem[i], sizeof *stem, "%d", (int)((unsigned)i * 2654435761U % N));
        e[i] = entry(stem[i], "some/folder/", stem[i], format(0)->suffixes[0]);
    }
    ibx_error err = {0};
    const clock_t begin = clock();
    const bool found = collide("save", "{stem}-{n}{ext}", NULL, e, N, &err);
    const double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    assert_false(found);
    memcpy(stem[N - 1], stem[5], sizeof *stem);
    assert_true(collide("save", NULL, NULL, e, N, &err));
    printf("%d names in %.3f s\n", N, seconds);
    assert_true(seconds < 3); /* 0.1 s in a release build; sanitizers are slower */
    free(stem);
    free(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_templates),  cmocka_unit_test(refuses_templates),
        cmocka_unit_test(chooses_formats),  cmocka_unit_test(finds_bad_templates_early),
        cmocka_unit_test(finds_collisions), cmocka_unit_test(a_hundred_thousand_names_are_fast)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
