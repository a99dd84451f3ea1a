/* listing.c - which files a batch reads: order, hidden files, links, globs, errors. */
#include "engine/listing.h"
#include "engine/glob.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every test runs in a fresh folder of its own. */
static int enter(void **state) {
    char *folder = strdup(P_tmpdir "/imbrex-listing-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    *state = folder;
    return 0;
}

static int erase(const char *path, const struct stat *s, int type, struct FTW *ftw) {
    (void)s, (void)type, (void)ftw;
    return remove(path);
}

static int leave(void **state) {
    assert_int_equal(chdir("/"), 0);
    nftw(*state, erase, 16, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return 0;
}

static void folder(const char *path) {
    assert_int_equal(mkdir(path, 0755), 0);
}

static void file(const char *path) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The listing as text: the paths, each with a blank behind it. */
static char *list(const ibx_batch *batch) {
    ibx_listing l;
    ibx_error err = {0};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!ibx_listing_make(batch, &l, &err))
        fprintf(out, "%d: %s", (int)err.code, err.text);
    else
        for (size_t i = 0; i < l.count; i++) fprintf(out, "%s ", l.entries[i].path);
    ibx_listing_free(&l);
    fclose(out);
    return text;
}

static void expect(const ibx_batch *batch, const char *paths) {
    char *text = list(batch);
    assert_string_equal(text, paths);
    free(text);
}

static ibx_batch inputs(const char *const *words) {
    ibx_batch b = {.inputs = words};
    while (words[b.input_count]) b.input_count++;
    return b;
}

static void walks_in_byte_order(void **state) {
    (void)state;
    folder("d"), folder("d/b"), folder("d/.git"), folder("d/b/c");
    file("d/z.jpg"), file("d/a.PNG"), file("d/B.tif"), file("d/b/1.webp"), file("d/b/c/2.jpeg");
    file("d/.hidden.jpg"), file("d/.git/x.jpg"), file("d/notes.txt"), file("d/README"),
        file("d/b.jpg");
    ibx_batch b = inputs(WORDS("d"));
    expect(&b, "d/B.tif d/a.PNG d/b/1.webp d/b/c/2.jpeg d/b.jpg d/z.jpg ");
    b = inputs(WORDS("d/"));
    expect(&b, "d/B.tif d/a.PNG d/b/1.webp d/b/c/2.jpeg d/b.jpg d/z.jpg ");
}

static void cuts_names(void **state) {
    (void)state;
    folder("d"), folder("d/x"), folder("d/x/y");
    file("d/x/y/holiday.2026.JPG"), file("d/.rc.png"), file("plain"), file("d/x/end.");
    const ibx_batch b = inputs(WORDS("d", "plain", "d/.rc.png", "-", "d/x/end."));
    ibx_listing l;
    assert_true(ibx_listing_make(&b, &l, NULL));
    static const char *const WANT[][4] = {
        {"d/x/y/holiday.2026.JPG", "x/y/", "holiday.2026", ".JPG"},
        {"plain", "", "plain", ""},
        {"d/.rc.png", "", ".rc", ".png"},
        {"-", "", "stdin", ""},
        {"d/x/end.", "", "end", "."}};
    assert_int_equal(l.count, 5);
    for (size_t i = 0; i < l.count; i++) {
        assert_string_equal(l.entries[i].path, WANT[i][0]);
        assert_string_equal(l.entries[i].dir, WANT[i][1]);
        assert_string_equal(l.entries[i].stem, WANT[i][2]);
        assert_string_equal(l.entries[i].suffix, WANT[i][3]);
        assert_int_equal(l.entries[i].error, 0);
    }
    ibx_listing_free(&l);
}

static void takes_named_files_whatever_they_are(void **state) {
    (void)state;
    file("scan.dat"), file(".secret.jpg");
    ibx_batch b = inputs(WORDS("scan.dat", ".secret.jpg"));
    expect(&b, "scan.dat .secret.jpg ");
}

static void ends_in_spite_of_link_loops(void **state) {
    (void)state;
    folder("d"), folder("d/a"), folder("d/b"), folder("elsewhere");
    file("d/a/1.jpg"), file("elsewhere/2.jpg");
    assert_int_equal(symlink("..", "d/a/up"), 0);
    assert_int_equal(symlink("../b", "d/a/b"), 0);
    assert_int_equal(symlink("../a", "d/b/a"), 0);
    assert_int_equal(symlink("../elsewhere", "d/e1"), 0);
    assert_int_equal(symlink("../elsewhere", "d/e2"), 0);
    assert_int_equal(symlink("a/1.jpg", "d/link.jpg"), 0);
    ibx_batch b = inputs(WORDS("d"));
    /* d/b holds nothing but a link into d/a, which is entered once through a link. */
    expect(&b, "d/a/1.jpg d/b/a/1.jpg d/e1/2.jpg d/link.jpg ");
}

static void tells_what_cannot_be_read(void **state) {
    (void)state;
    folder("d"), file("d/a.jpg");
    assert_int_equal(symlink("nowhere", "d/dangling.jpg"), 0);
    const ibx_batch b = inputs(WORDS("d"));
    ibx_listing l;
    assert_true(ibx_listing_make(&b, &l, NULL));
    assert_int_equal(l.count, 2);
    assert_string_equal(l.entries[1].path, "d/dangling.jpg");
    assert_int_equal(l.entries[1].error, ENOENT);
    ibx_listing_free(&l);
    if (geteuid() == 0) return; /* root reads every folder */
    folder("d/locked"), chmod("d/locked", 0);
    assert_true(ibx_listing_make(&b, &l, NULL));
    assert_int_equal(l.count, 3);
    assert_int_equal(l.entries[2].error, EACCES);
    ibx_listing_free(&l);
    chmod("d/locked", 0755);
}

static void passes_over_the_output(void **state) {
    (void)state;
    folder("d"), folder("d/out"), file("d/a.jpg"), file("d/out/a.jpg");
    ibx_batch b = inputs(WORDS("d"));
    b.output = "d/../d/out";
    expect(&b, "d/a.jpg ");
    b.output = "d"; /* in place: the input itself is no folder inside the input */
    expect(&b, "d/a.jpg d/out/a.jpg ");
}

/* errno of the last entry. */
static int error_of_last(const ibx_batch *batch) {
    ibx_listing l;
    assert_true(ibx_listing_make(batch, &l, NULL));
    const int error = l.entries[l.count - 1].error;
    ibx_listing_free(&l);
    return error;
}

static void names_what_is_missing(void **state) {
    (void)state;
    folder("empty"), file("empty/notes.txt"), file("a.jpg");
    ibx_batch b = inputs(WORDS("a.jpg", "gone.jpg"));
    expect(&b, "a.jpg gone.jpg ");
    assert_int_equal(error_of_last(&b), ENOENT);
    b = inputs(WORDS("gone.jpg", "empty", "lost.jpg"));
    expect(&b, "2: gone.jpg: No such file or directory");
    b = inputs(WORDS("empty"));
    expect(&b, "2: no image in empty");
    b = inputs(WORDS("a.jpg"));
    b.exclude = WORDS("*.jpg");
    expect(&b, "2: no image in a.jpg that the patterns let pass");
    b.exclude = WORDS("");
    expect(&b, "1: an empty pattern matches nothing");
}

static void applies_globs(void **state) {
    (void)state;
    folder("d"), folder("d/raw"), folder("d/raw/deep"), folder("d/web");
    file("d/1.jpg"), file("d/2.png"), file("d/raw/1.jpg"), file("d/raw/deep/3.jpg"),
        file("d/web/raw.jpg");
    ibx_batch b = inputs(WORDS("d"));
    b.include = WORDS("*.jpg");
    expect(&b, "d/1.jpg d/raw/1.jpg d/raw/deep/3.jpg d/web/raw.jpg ");
    b.exclude = WORDS("raw"); /* a folder of that name; raw.jpg is another name */
    expect(&b, "d/1.jpg d/web/raw.jpg ");
    b.exclude = WORDS("raw/*");
    expect(&b, "d/1.jpg d/web/raw.jpg ");
    b.exclude = WORDS("raw/*.jpg");
    expect(&b, "d/1.jpg d/raw/deep/3.jpg d/web/raw.jpg ");
    b.include = WORDS("raw/**", "2.*");
    b.exclude = NULL;
    expect(&b, "d/2.png d/raw/1.jpg d/raw/deep/3.jpg ");
}

static void matches_as_the_header_says(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *path;
        bool folder, want;
    } CASES[] = {{"*.jpg", "a/b/c.jpg", false, true},
                 {"*.jpg", "c.JPG", false, false},
                 {"a/*.jpg", "a/c.jpg", false, true},
                 {"a/*.jpg", "a/b/c.jpg", false, false},
                 {"a/**/c.jpg", "a/c.jpg", false, true},
                 {"a/**/c.jpg", "a/b/d/c.jpg", false, true},
                 {"**/b/**", "x/b/y/z", false, true},
                 {"**/b/**", "x/c/y/z", false, false},
                 {"**", "a/b", false, true},
                 {"b/", "a/b", true, true},
                 {"b/", "a/b", false, false},
                 {"/c.jpg", "c.jpg", false, true},
                 {"/c.jpg", "a/c.jpg", false, false},
                 {"./a/c.jpg", "a/c.jpg", false, true},
                 {"[a-c]?.png", "x/b1.png", false, true},
                 {"[!a-c]*", "b", false, false},
                 {"a/**/b/**/c", "a/b/b/b/c", false, true},
                 {"a/**/b/**/c", "a/b/d", false, false}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        ibx_globs *g = ibx_globs_new(WORDS(CASES[i].pattern), NULL);
        assert_non_null(g);
        if (ibx_globs_match(g, CASES[i].path, CASES[i].folder) != CASES[i].want)
            fail_msg("\"%s\" against \"%s\"", CASES[i].pattern, CASES[i].path);
        ibx_globs_free(g);
    }
}

static void deep_patterns_take_linear_time(void **state) {
    (void)state;
    char pattern[] = "**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/a/b";
    char path[2002];
    for (size_t i = 0; i < 2000; i++) path[i] = i % 2 ? '/' : 'a';
    path[2000] = 'c';
    path[2001] = 0;
    ibx_globs *g = ibx_globs_new(WORDS(pattern), NULL);
    assert_false(ibx_globs_match(g, path, false)); /* exponential matching would never end */
    ibx_globs_free(g);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, enter, leave)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(walks_in_byte_order),
                                       TEST(cuts_names),
                                       TEST(takes_named_files_whatever_they_are),
                                       TEST(ends_in_spite_of_link_loops),
                                       TEST(tells_what_cannot_be_read),
                                       TEST(passes_over_the_output),
                                       TEST(names_what_is_missing),
                                       TEST(applies_globs),
                                       TEST(matches_as_the_header_says),
                                       TEST(deep_patterns_take_linear_time)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
