/* files.c - the root folder: what is in it is found, and nothing else, whatever the path says and
 * whoever moves things about. */
#include "server/source/source.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder with a root in it and a secret beside it. */
typedef struct {
    char *top, *root_path;
    int root;
} place;

static char *in(const place *p, const char *name) {
    return g_build_filename(p->root_path, name, NULL);
}

static void put(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int make_place(void **state) {
    place *p = calloc(1, sizeof *p);
    ibx_error err = {0};
    p->top = g_dir_make_tmp("imbrex-files-XXXXXX", NULL);
    p->root_path = g_build_filename(p->top, "root", NULL);
    char *sub = in(p, "sub/deep"), *secret = g_build_filename(p->top, "secret.png", NULL);
    g_mkdir_with_parents(sub, 0700);
    put(secret, "secret");
    char *a = in(p, "a.png"), *b = in(p, "sub/deep/b c.png"), *hidden = in(p, ".hidden.png");
    put(a, "pixels"), put(b, "others"), put(hidden, "hidden");
    p->root = ibx_files_root(p->root_path, &err);
    g_free(sub), g_free(secret), g_free(a), g_free(b), g_free(hidden);
    *state = p;
    return p->root < 0;
}

static int remove_place(void **state) {
    place *p = *state;
    char *words[] = {"rm", "-rf", p->top, NULL};
    close(p->root);
    g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
    g_free(p->top), g_free(p->root_path), free(p);
    return 0;
}

static void check(const place *p, const char *path, ibx_source_status want) {
    ibx_opened opened;
    ibx_files_open(p->root, path, &opened);
    if (opened.status != want) fail_msg("\"%.60s\": %d, not %d", path, opened.status, want);
    assert_true((want == IBX_SOURCE_OK) == (opened.fd >= 0));
    assert_true((want == IBX_SOURCE_OK) == (opened.error.code == IBX_OK));
    assert_null(strstr(opened.error.text, p->top)); /* nothing of where things are */
    ibx_opened_close(&opened);
}

static void opens_files(void **state) {
    const place *p = *state;
    ibx_opened opened;
    char text[16] = "";
    ibx_files_open(p->root, "sub/deep/b c.png", &opened);
    assert_int_equal(opened.status, IBX_SOURCE_OK);
    assert_int_equal(opened.size, 6);
    assert_string_equal(opened.name, "b c.png");
    assert_int_equal(strlen(opened.identity), 64);
    assert_true(opened.modified > 0);
    assert_int_equal(read(opened.fd, text, sizeof text), 6);
    assert_string_equal(text, "others");
    assert_true(fcntl(opened.fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(write(opened.fd, "x", 1), -1);
    ibx_opened_close(&opened);
}

static void identity_of(const place *p, const char *path, char identity[80]) {
    ibx_opened opened;
    ibx_files_open(p->root, path, &opened);
    assert_int_equal(opened.status, IBX_SOURCE_OK);
    g_strlcpy(identity, opened.identity, 80);
    ibx_opened_close(&opened);
}

/* A time of modification that is set back does not hide a change. */
static void changes_identity(void **state) {
    const place *p = *state;
    char before[80], same[80], after[80], *path = in(p, "a.png");
    struct stat st;
    stat(path, &st);
    identity_of(p, "a.png", before);
    identity_of(p, "a.png", same);
    assert_string_equal(before, same);
    g_usleep(20000); /* a tick of the clock of files */
    const int fd = open(path, O_WRONLY);
    assert_int_equal(write(fd, "PIXELS", 6), 6);
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
    identity_of(p, "a.png", after);
    assert_string_not_equal(before, after);
    g_free(path);
}

static void refuses_words(void **state) {
    const place *p = *state;
    static const char *const BAD[] = {"",
                                      "/",
                                      "/etc/passwd",
                                      "//a.png",
                                      "a.png/",
                                      "sub//deep",
                                      "..",
                                      "../secret.png",
                                      "sub/../a.png",
                                      "sub/deep/../../../x",
                                      ".",
                                      "./a.png",
                                      "sub/./deep/b c.png",
                                      "..\\a.png",
                                      "sub\\deep",
                                      "\xC0\xAE\xC0\xAE/a.png",
                                      "\xE0\x80\xAE/a.png",
                                      "a\xFF.png",
                                      "\xC0\xAF",
                                      "\xED\xA0\x80.png",
                                      "../.hidden",
                                      ".hidden/..",
                                      "a.png/.."};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) check(p, BAD[i], IBX_SOURCE_BAD);
    static const char *const MISSING[] = {
        "none.png",     "sub",         "sub/deep",       "a.png/x", "%2e%2e/secret.png",
        "%252e%252e/x", ".hidden.png", ".../a.png",      "..a",     "sub/.x/a.png",
        "a.png\n",      "A.PNG",       "\xE2\x80\xAE/a", "~",       "sub/deep/b%20c.png"};
    for (size_t i = 0; i < sizeof MISSING / sizeof MISSING[0]; i++) {
        check(p, MISSING[i], IBX_SOURCE_MISSING);
    }
}

static void bounds_lengths(void **state) {
    const place *p = *state;
    for (size_t length = 254; length <= 257; length++) {
        char *name = g_strnfill(length, 'n'), *path = in(p, name);
        if (length <= 255) put(path, "x");
        check(p, name, length <= 255 ? IBX_SOURCE_OK : IBX_SOURCE_MISSING);
        g_free(name), g_free(path);
    }
    char *long_part = g_strnfill(4000, 'x'), *too_long = g_strnfill(4096, 'x');
    char *huge = g_strnfill(1 << 20, 'y');
    check(p, long_part, IBX_SOURCE_MISSING);
    check(p, too_long, IBX_SOURCE_BAD);
    check(p, huge, IBX_SOURCE_BAD);
    g_free(long_part), g_free(too_long), g_free(huge);
}

/* 1000 folders deep: as long as a path may be, within it. */
static void goes_deep(void **state) {
    const place *p = *state;
    GString *path = g_string_new(NULL);
    for (int i = 0; i < 1000; i++) g_string_append(path, "d/");
    char *folders = in(p, path->str);
    assert_int_equal(g_mkdir_with_parents(folders, 0700), 0);
    g_string_append(path, "x.png");
    char *file = in(p, path->str);
    put(file, "deep");
    check(p, path->str, IBX_SOURCE_OK);
    g_string_prepend(path, "d/");
    check(p, path->str, IBX_SOURCE_MISSING);
    g_string_free(path, TRUE), g_free(folders), g_free(file);
}

static void follows_no_links(void **state) {
    const place *p = *state;
    char *file = in(p, "link.png"), *folder = in(p, "folder"), *up = in(p, "up");
    char *inner = in(p, "inner.png"), *magic = in(p, "magic"), *self = in(p, "self");
    assert_int_equal(symlink("../secret.png", file), 0);
    assert_int_equal(symlink(p->top, folder), 0);
    assert_int_equal(symlink("..", up), 0);
    assert_int_equal(symlink("a.png", inner), 0); /* even to what is allowed */
    assert_int_equal(symlink("/proc/self/fd", magic), 0);
    assert_int_equal(symlink("self", self), 0);
    static const char *const PATHS[] = {"link.png",      "folder/secret.png", "up/secret.png",
                                        "self",          "inner.png",         "magic/0",
                                        "up/root/a.png", "self/a.png"};
    for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++) {
        check(p, PATHS[i], IBX_SOURCE_MISSING);
    }
    g_free(file), g_free(folder), g_free(up), g_free(inner), g_free(magic), g_free(self);
}

/* With /proc itself as the root the magic links are beneath it, and still closed. */
static void follows_no_magic_links(void **state) {
    const place *p = *state;
    ibx_error err = {0};
    char path[64];
    const int secret = open(p->root_path, O_RDONLY);
    place proc = {.top = p->top, .root = ibx_files_root("/proc", &err)};
    assert_true(proc.root >= 0);
    snprintf(path, sizeof path, "%d/fd/%d", (int)getpid(), secret);
    check(&proc, path, IBX_SOURCE_MISSING);
    snprintf(path, sizeof path, "%d/cwd/a.png", (int)getpid());
    check(&proc, path, IBX_SOURCE_MISSING);
    snprintf(path, sizeof path, "%d/exe", (int)getpid());
    check(&proc, path, IBX_SOURCE_MISSING);
    snprintf(path, sizeof path, "%d/root/etc/passwd", (int)getpid());
    check(&proc, path, IBX_SOURCE_MISSING);
    check(&proc, "self/status", IBX_SOURCE_MISSING); /* a plain link */
    close(secret), close(proc.root);
}

static void opens_only_files(void **state) {
    const place *p = *state;
    ibx_error err = {0};
    char *pipe = in(p, "pipe.png"), *hard = in(p, "hard.png"), *a = in(p, "a.png");
    const gint64 begin = g_get_monotonic_time();
    assert_int_equal(mkfifo(pipe, 0600), 0);
    check(p, "pipe.png", IBX_SOURCE_MISSING);
    place devices = {.top = p->top, .root = ibx_files_root("/dev", &err)};
    assert_true(devices.root >= 0);
    check(&devices, "zero", IBX_SOURCE_MISSING);
    check(&devices, "null", IBX_SOURCE_MISSING);
    check(&devices, "tty", IBX_SOURCE_MISSING);
    assert_true(g_get_monotonic_time() - begin < G_USEC_PER_SEC); /* waited for no one */
    assert_int_equal(link(a, hard), 0);
    check(p, "hard.png", IBX_SOURCE_OK); /* a file as any other */
    close(devices.root);
    g_free(pipe), g_free(hard), g_free(a);
}

/* ---- a race -------------------------------------------------------------------------------------
 */

typedef struct {
    const place *place;
    atomic_bool stop;
} mover;

/* Makes the folder "swap" a link to outside and back, as fast as it can. */
static void *swap(void *user) {
    mover *m = user;
    char *name = in(m->place, "swap"), *other = in(m->place, "other");
    while (!atomic_load(&m->stop)) renameat2(AT_FDCWD, name, AT_FDCWD, other, RENAME_EXCHANGE);
    g_free(name), g_free(other);
    return NULL;
}

static void loses_no_race(void **state) {
    const place *p = *state;
    char *folder = in(p, "swap"), *file = in(p, "swap/secret.png"), *other = in(p, "other");
    g_mkdir(folder, 0700);
    put(file, "public");
    assert_int_equal(symlink(p->top, other), 0);
    mover m = {.place = p};
    int opened_count = 0, missing = 0;
    GThread *thread = g_thread_new("swap", swap, &m);
    const gint64 end = g_get_monotonic_time() + 2 * G_USEC_PER_SEC;
    while (g_get_monotonic_time() < end) {
        ibx_opened opened;
        char text[8] = "";
        ibx_files_open(p->root, "swap/secret.png", &opened);
        opened_count += opened.status == IBX_SOURCE_OK;
        missing += opened.status == IBX_SOURCE_MISSING;
        if (opened.fd >= 0) assert_int_equal(read(opened.fd, text, 6), 6);
        if (opened.fd >= 0) assert_string_equal(text, "public");
        ibx_opened_close(&opened);
    }
    atomic_store(&m.stop, true);
    g_thread_join(thread);
    print_message("%d times opened, %d times a link\n", opened_count, missing);
    assert_true(opened_count > 0 && missing > 0); /* there was a race */
    g_free(folder), g_free(file), g_free(other);
}

static void needs_a_root(void **state) {
    const place *p = *state;
    ibx_error err = {0};
    char *none = in(p, "none"), *file = in(p, "a.png");
    assert_int_equal(ibx_files_root(none, &err), -1);
    assert_non_null(strstr(err.text, none));
    assert_int_equal(ibx_files_root(file, &err), -1);
    assert_int_equal(err.code, IBX_IO);
    g_free(none), g_free(file);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(opens_files),      TEST(changes_identity),
        TEST(refuses_words),    TEST(bounds_lengths),
        TEST(goes_deep),        TEST(follows_no_links),
        TEST(opens_only_files), TEST(follows_no_magic_links),
        TEST(loses_no_race),    TEST(needs_a_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
