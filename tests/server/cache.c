/* cache - results on disk: what comes back, what must not, what goes first, and disks that fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above first */
#include <cmocka.h>

#include "reading.h"
#include "server/cache/cache.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 4096 };

static char folder[64];
static ibx_metrics *metrics;
static ibx_cache *cache;
static ibx_error err;

static void open_cache(int64_t size) {
    ibx_cache_close(cache);
    if (!(cache = ibx_cache_open(folder, size, metrics, &err))) fail_msg("%s", err.text);
}

static int set_up_folder(void **state) {
    (void)state;
    strcpy(folder, "/tmp/imbrex-cache-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    metrics = ibx_metrics_new();
    return 0;
}

static int set_up(void **state) {
    if (set_up_folder(state) != 0) return -1;
    open_cache(4 << 20);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    char command[100];
    ibx_cache_close(cache);
    cache = NULL;
    ibx_metrics_free(metrics);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/* ---- entries ----------------------------------------------------------------------------------
 */

/* The n-th key; the first two digits of neighbours differ. */
typedef struct {
    char text[65];
} key;

static key key_of(int n) {
    key k;
    snprintf(k.text, sizeof k.text, "%02x%062x", n & 0xff, n);
    return k;
}

/* The bytes of an entry: no two of different n or size are the same. */
static uint8_t byte_of(int n, size_t i) {
    return (uint8_t)((size_t)n * 31 + i * 7 + i / 251);
}

static GBytes *body_of(int n, size_t size) {
    uint8_t *bytes = g_malloc(size);
    for (size_t i = 0; i < size; i++) bytes[i] = byte_of(n, i);
    return g_bytes_new_take(bytes, size);
}

/* Hands in what takes its time to be stored. */
static void hand_in(ibx_cache *to, int n, const char *meta, GBytes *body) {
    ibx_cache_store(to, key_of(n).text, meta, body);
    g_bytes_unref(body);
}

static void put(ibx_cache *to, int n, const char *meta, GBytes *body) {
    hand_in(to, n, meta, body);
    ibx_cache_settle(to);
}

static void store(int n, size_t size) {
    char meta[40];
    snprintf(meta, sizeof meta, "{\"n\":%d}", n);
    put(cache, n, meta, body_of(n, size));
}

static bool has(int n) {
    ibx_cached found;
    const bool is = ibx_cache_find(cache, key_of(n).text, &found);
    if (is) ibx_cache_release(&found);
    return is;
}

static uint8_t byte_at(const ibx_cached *found, size_t i) {
    return ((const uint8_t *)g_bytes_get_data(found->body, NULL))[i];
}

/* Every byte is right. */
static void check_body(ibx_cached *found, int n, size_t size) {
    assert_int_equal(g_bytes_get_size(found->body), size);
    for (size_t i = 0; i < size; i++)
        if (byte_at(found, i) != byte_of(n, i)) fail_msg("byte %zu of entry %d", i, n);
    ibx_cache_release(found);
}

/* It is there as it was stored. */
static void check(int n, size_t size) {
    ibx_cached found;
    char meta[40];
    snprintf(meta, sizeof meta, "{\"n\":%d}", n);
    assert_true(ibx_cache_find(cache, key_of(n).text, &found));
    assert_string_equal(found.meta, meta);
    check_body(&found, n, size);
}

static int64_t counted(int result) {
    return ibx_metric_get(metrics, IBX_M_CACHE, result);
}

typedef struct {
    char text[160];
} path;

static path path_of(int n) {
    path p;
    const key k = key_of(n);
    snprintf(p.text, sizeof p.text, "%s/%.2s/%.2s/%s", folder, k.text, k.text + 2, k.text);
    return p;
}

static bool exists(int n) {
    return access(path_of(n).text, F_OK) == 0;
}

static void set_time(int n, time_t at) {
    const struct timespec times[] = {{.tv_sec = at}, {.tv_sec = at}};
    assert_int_equal(utimensat(AT_FDCWD, path_of(n).text, times, 0), 0);
}

/* ---- tests ------------------------------------------------------------------------------------
 */

/* Of both sides of the bound between files that are read and mapped, too. */
static void finds(void **state) {
    (void)state;
    const size_t sizes[] = {0, 1, 3990, 4096, 65536, 65537, 200000, 262143 - 96 - 8, 262144};
    for (int i = 0; i < 9; i++) assert_false(has(i));
    for (int i = 0; i < 9; i++) store(i, sizes[i]);
    for (int i = 0; i < 9; i++) check(i, sizes[i]);
    assert_int_equal(counted(IBX_CACHE_MISS), 9);
    assert_int_equal(counted(IBX_CACHE_HIT), 9);
    const int64_t bytes = ibx_cache_bytes(cache);
    assert_int_equal(bytes % BLOCK, 0);
    assert_in_range(bytes, 862000, 862000 + 10 * BLOCK);
    assert_int_equal(ibx_metric_get(metrics, IBX_M_CACHE_BYTES, 0), bytes);
    assert_true(ibx_cache_writable(cache));
    open_cache(4 << 20); /* and behind a restart */
    assert_int_equal(ibx_cache_bytes(cache), bytes);
    for (int i = 0; i < 9; i++) check(i, sizes[i]);
}

/* What waits for the disk is there already, and what is too much does not wait. */
static void waits(void **state) {
    (void)state;
    open_cache(INT64_C(8) << 30);
    GBytes *busy = body_of(0, 60 << 20), *more = body_of(40, 30 << 20);
    hand_in(cache, 0, "0", busy); /* the disk is busy with it */
    for (int n = 1; n <= 30; n++) {
        char meta[16];
        snprintf(meta, sizeof meta, "%d", n);
        hand_in(cache, n, meta, body_of(n, 1000));
        assert_true(has(n));
    }
    hand_in(cache, 40, "40", more);
    assert_int_equal(counted(IBX_CACHE_SKIPPED), 1);
    assert_false(has(40));
    for (int n = 50; n < 50 + IBX_CACHE_QUEUE; n++) hand_in(cache, n, "", body_of(n, 10));
    assert_int_equal(counted(IBX_CACHE_SKIPPED), 1 + 31);
    ibx_cache_settle(cache);
    for (int n = 0; n <= 30; n++) assert_true(exists(n));
    assert_false(exists(40));
    assert_int_equal(counted(IBX_CACHE_ERROR), 0);
    hand_in(cache, 41, "41", body_of(41, 1 << 20));
    open_cache(INT64_C(8) << 30); /* closing waits */
    ibx_cached found;
    assert_true(ibx_cache_find(cache, key_of(41).text, &found));
    check_body(&found, 41, 1 << 20);
}

/* No more than an eighth of the cache for one. */
static void refuses_giants(void **state) {
    (void)state;
    store(1, (4 << 20) / IBX_CACHE_SHARE - 96 - 8);
    store(2, (4 << 20) / IBX_CACHE_SHARE - 96 - 7);
    assert_true(has(1));
    assert_false(has(2));
    assert_true(ibx_cache_writable(cache));
}

static void removes(void **state) {
    (void)state;
    ibx_cached found;
    store(1, 5000);
    assert_true(ibx_cache_find(cache, key_of(1).text, &found));
    assert_true(ibx_cache_remove(cache, key_of(1).text));
    assert_false(ibx_cache_remove(cache, key_of(1).text));
    assert_false(exists(1));
    assert_int_equal(byte_at(&found, 4999), byte_of(1, 4999)); /* whoever has it keeps it */
    ibx_cache_release(&found);
    assert_int_equal(ibx_cache_bytes(cache), 0);
}

static void replaces(void **state) {
    (void)state;
    ibx_cached found;
    store(1, 50000);
    put(cache, 1, "new", body_of(9, 100));
    assert_true(ibx_cache_find(cache, key_of(1).text, &found));
    assert_string_equal(found.meta, "new");
    assert_int_equal(g_bytes_get_size(found.body), 100);
    ibx_cache_release(&found);
    assert_int_equal(ibx_cache_bytes(cache), BLOCK);
}

/* What is no key goes nowhere, least of all out of the folder. */
static void refuses_keys(void **state) {
    (void)state;
    const char *const keys[] = {"",
                                "../../../../tmp/x",
                                "00",
                                "A",
                                "g000000000000000000000000000000000000000000000000000000000000000",
                                "../../..//////////////////////////////////////////////////////x"};
    for (int i = 0; i < 6; i++) {
        ibx_cached found;
        GBytes *body = body_of(1, 10);
        ibx_cache_store(cache, keys[i], "", body);
        g_bytes_unref(body);
        ibx_cache_settle(cache);
        assert_false(ibx_cache_find(cache, keys[i], &found));
        assert_false(ibx_cache_remove(cache, keys[i]));
    }
    assert_int_equal(ibx_cache_bytes(cache), 0);
}

/* Until the clock of the file system has moved on: until then a change may not show. */
static void wait_a_tick(void) {
    g_usleep(11000);
}

/* Changes a file as `damage` does; then it is a miss, counted, and the file is gone. */
static void check_damage(int n, size_t size, void (*damage)(const char *path, off_t at), off_t at) {
    const int64_t before = counted(IBX_CACHE_CORRUPT), bytes = ibx_cache_bytes(cache);
    store(n, size);
    check(n, size);
    wait_a_tick();
    damage(path_of(n).text, at);
    if (has(n)) fail_msg("damage at %ld of an entry of %zu bytes was not seen", (long)at, size);
    assert_false(exists(n));
    assert_int_equal(counted(IBX_CACHE_CORRUPT), before + 1);
    assert_int_equal(ibx_cache_bytes(cache), bytes);
}

static void flip(const char *name, off_t at) {
    uint8_t byte;
    const int fd = open(name, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void cut(const char *name, off_t at) {
    assert_int_equal(truncate(name, at), 0);
}

static void lengthen(const char *name, off_t by) {
    struct stat st;
    assert_int_equal(stat(name, &st), 0);
    assert_int_equal(truncate(name, st.st_size + by), 0);
}

static void swap_with_link(const char *name, off_t unused) {
    (void)unused;
    assert_int_equal(unlink(name), 0);
    assert_int_equal(symlink("/etc/passwd", name), 0);
}

static void sees_damage(void **state) {
    (void)state;
    for (off_t at = 0; at < 96 + 8 + 50; at++) check_damage(3, 50, flip, at);
    for (off_t at = 0; at < 96 + 8 + 50; at += 7) check_damage(3, 50, cut, at);
    const off_t far[] = {4095, 4096, 65535, 65536, 100000, 200000 + 96 + 7};
    for (int i = 0; i < 6; i++) check_damage(4, 200000, flip, far[i]);
    for (int i = 0; i < 6; i++) check_damage(4, 200000, cut, far[i]);
    check_damage(5, 50, lengthen, 1);
    check_damage(5, 50, swap_with_link, 0);
}

/* Read by this process, or written by another one: both are known by their stamps. */
static void sees_late_damage(void **state) {
    (void)state;
    const size_t sizes[] = {50, 400000};
    for (int n = 0; n < 2; n++) {
        store(n, sizes[n]);
        open_cache(4 << 20); /* knows nothing of it */
        wait_a_tick();
        flip(path_of(n).text, 120);
        assert_false(has(n));
        store(n, sizes[n]);
        set_time(n, 1000); /* it is read anew, and touched */
        check(n, sizes[n]);
        check(n, sizes[n]);
        wait_a_tick();
        flip(path_of(n).text, 120);
        assert_false(has(n));
    }
    assert_int_equal(counted(IBX_CACHE_CORRUPT), 4);
}

/* A large file is read once, and not at all by whom it was written. */
static void reads_once(void **state) {
    (void)state;
    store(1, 500000);
    const int64_t begun = bytes_read("self");
    for (int i = 0; i < 10; i++) assert_true(has(1));
    assert_in_range(bytes_read("self") - begun, 10 * 96, 20000);
    open_cache(4 << 20);
    const int64_t again = bytes_read("self");
    for (int i = 0; i < 10; i++) assert_true(has(1));
    assert_in_range(bytes_read("self") - again, 500000, 520000);
}

/* Two whole files, each under the other's name. */
static void sees_swaps(void **state) {
    (void)state;
    char third[180];
    store(1, 1000);
    store(2, 1000);
    snprintf(third, sizeof third, "%s/third", folder);
    assert_int_equal(rename(path_of(1).text, third), 0);
    assert_int_equal(rename(path_of(2).text, path_of(1).text), 0);
    assert_int_equal(rename(third, path_of(2).text), 0);
    assert_false(has(1));
    assert_false(has(2));
    assert_int_equal(counted(IBX_CACHE_CORRUPT), 2);
}

/* The least recently used goes first; finding is using. */
static void evicts(void **state) {
    (void)state;
    open_cache(16 * BLOCK);
    for (int n = 0; n < 16; n++) store(n, 1000);
    assert_int_equal(ibx_cache_bytes(cache), 16 * BLOCK);
    assert_true(has(0));
    assert_true(has(2));
    for (int n = 16; n < 19; n++) store(n, 1000);
    const int gone[] = {1, 3, 4};
    for (int i = 0; i < 3; i++) assert_false(exists(gone[i]));
    for (int n = 5; n < 19; n++) assert_true(exists(n));
    assert_true(exists(0) && exists(2));
    store(20, BLOCK); /* two blocks, with its header */
    assert_int_equal(ibx_cache_bytes(cache), 16 * BLOCK);
    check(20, BLOCK);
    check(18, 1000);
    assert_false(exists(5) || exists(6));
    assert_true(exists(7));
}

/* The order outlives the process by the files' times; a use is written down once an hour. */
static void remembers(void **state) {
    (void)state;
    struct stat st;
    const time_t now = time(NULL);
    for (int n = 0; n < 6; n++) store(n, 1000);
    for (int n = 0; n < 6; n++) set_time(n, now - 10000 - n);
    open_cache(1 << 20);
    assert_true(has(5)); /* the oldest, and now the newest */
    assert_true(has(4));
    assert_int_equal(stat(path_of(5).text, &st), 0);
    assert_true(st.st_mtime >= now - 1);
    set_time(5, now - 100);
    open_cache(1 << 20);
    assert_true(has(5));
    assert_int_equal(stat(path_of(5).text, &st), 0);
    assert_int_equal(st.st_mtime, now - 100); /* less than an hour: not worth it */
    open_cache(3 * BLOCK);
    assert_true(exists(5) && exists(4) && exists(0));
    assert_false(exists(1) || exists(2) || exists(3));
    assert_int_equal(ibx_cache_bytes(cache), 3 * BLOCK);
}

/* A folder that holds far more than shall be kept. */
static void shrinks_at_start(void **state) {
    (void)state;
    open_cache(1 << 30);
    for (int n = 0; n < 400; n++) store(n, 100);
    for (int n = 0; n < 400; n++) set_time(n, 1000000 + n);
    open_cache(20 * BLOCK);
    assert_int_equal(ibx_cache_bytes(cache), 20 * BLOCK);
    for (int n = 0; n < 400; n++) assert_int_equal(exists(n), n >= 380);
}

static void write_text(const char *name) {
    const int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "text", 4), 4);
    close(fd);
}

static void leaves_others_alone(void **state) {
    (void)state;
    char name[4][200];
    store(0, 100);
    const key k = key_of(0);
    snprintf(name[0], sizeof name[0], "%s/readme", folder);
    snprintf(name[1], sizeof name[1], "%s/%.2s/%.2s/%.63s", folder, k.text, k.text + 2, k.text);
    snprintf(name[2], sizeof name[2], "%s/%.2s/%.2s/%064d", folder, k.text, k.text + 2, 7);
    snprintf(name[3], sizeof name[3], "%s/%.2s/%.2s/%s.tmp-1-1", folder, k.text, k.text + 2,
             k.text);
    name[2][strlen(name[2]) - 64] = 'f'; /* a key, but of another folder */
    for (int i = 0; i < 4; i++) write_text(name[i]);
    const time_t late = time(NULL) - 600; /* a draft that somebody may still be writing */
    const struct timespec recent[] = {{.tv_sec = late}, {.tv_sec = late}};
    assert_int_equal(utimensat(AT_FDCWD, name[3], recent, 0), 0);
    open_cache(1 << 20);
    for (int i = 0; i < 4; i++) assert_int_equal(access(name[i], F_OK), 0);
    assert_int_equal(ibx_cache_bytes(cache), BLOCK);
    /* a draft of a server that crashed hours ago */
    const struct timespec old[] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    assert_int_equal(utimensat(AT_FDCWD, name[3], old, 0), 0);
    open_cache(1 << 20);
    assert_int_not_equal(access(name[3], F_OK), 0);
    for (int i = 0; i < 3; i++) assert_int_equal(access(name[i], F_OK), 0);
}

/* What one server removes or replaces is a miss or the new entry for the other, no damage. */
static void shares(void **state) {
    (void)state;
    store(1, 1000);
    store(2, 1000);
    ibx_cache *other = ibx_cache_open(folder, 1 << 20, metrics, &err);
    ibx_cached found;
    assert_true(ibx_cache_remove(other, key_of(1).text));
    put(other, 2, "other", body_of(5, 77));
    assert_false(has(1));
    assert_true(ibx_cache_find(cache, key_of(2).text, &found));
    assert_string_equal(found.meta, "other");
    ibx_cache_release(&found);
    store(1, 1000); /* both write the same entry */
    put(other, 1, "{\"n\":1}", body_of(1, 1000));
    check(1, 1000);
    assert_int_equal(counted(IBX_CACHE_CORRUPT), 0);
    assert_int_equal(counted(IBX_CACHE_ERROR), 0);
    ibx_cache_close(other);
}

static void says_why(void **state) {
    (void)state;
    char name[100];
    snprintf(name, sizeof name, "%s/file", folder);
    write_text(name);
    assert_null(ibx_cache_open(name, 1 << 20, metrics, &err));
    assert_non_null(strstr(err.text, name));
    snprintf(name, sizeof name, "%s/a/b", folder);
    ibx_cache *deep = ibx_cache_open(name, 1 << 20, metrics, &err);
    assert_non_null(deep);
    ibx_cache_close(deep);
}

/* ---- disks that fail ---------------------------------------------------------------------------
 */

enum { SKIPPED = 77 };

/* Runs a test in a process of its own; it passes with 0. There is no cache: its thread would stay
 * with the parent. */
static void in_child(int (*test)(void)) {
    int status;
    const pid_t child = fork();
    if (child == 0) _exit(test());
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIPPED) skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* In a child, where an assertion of cmocka would go on with the next test. */
#define DEMAND(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) return fprintf(stderr, "line %d: %s\n", __LINE__, #condition), 1;        \
    } while (0)

/* A file of its own limits: no file may be larger than 3000 bytes. After the failure the cache is
 * idle, and 10 s later it tries again. */
static int write_beyond_limit(void) {
    const struct rlimit small = {3000, 3000};
    struct timespec pause = {.tv_sec = 10, .tv_nsec = 100000000};
    signal(SIGXFSZ, SIG_IGN);
    open_cache(1 << 20);
    store(1, 1000);
    setrlimit(RLIMIT_FSIZE, &small);
    store(2, 200);
    DEMAND(ibx_cache_writable(cache) && has(2));
    store(3, 9000);
    DEMAND(!ibx_cache_writable(cache) && !has(3) && !exists(3));
    DEMAND(counted(IBX_CACHE_ERROR) == 1);
    DEMAND(has(1) && has(2)); /* what there is can still be had */
    store(4, 200);
    DEMAND(!has(4) && !ibx_cache_writable(cache) && counted(IBX_CACHE_ERROR) == 1);
    nanosleep(&pause, NULL);
    store(4, 200);
    DEMAND(has(4) && ibx_cache_writable(cache));
    return 0;
}

static void bears_limits(void **state) {
    (void)state;
    in_child(write_beyond_limit);
}

static bool write_map(const char *file, const char *text) {
    const int fd = open(file, O_WRONLY | O_CLOEXEC);
    const bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) close(fd);
    return good;
}

/* A view of the file system of its own: as root, or as root of a namespace. */
static bool leave_namespace(void) {
    char user[40], group[40];
    if (unshare(CLONE_NEWNS) == 0) return true;
    snprintf(user, sizeof user, "0 %d 1", (int)geteuid());
    snprintf(group, sizeof group, "0 %d 1", (int)getegid());
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_map("/proc/self/setgroups", "deny") &&
           write_map("/proc/self/uid_map", user) && write_map("/proc/self/gid_map", group);
}

/* A small disk of its own on the folder. */
static bool mount_small(void) {
    return leave_namespace() && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", folder, "tmpfs", 0, "size=1M,mode=0700") == 0;
}

/* The disk holds less than the cache may: old entries make room, and no store fails. */
static int fill_disk(void) {
    if (!mount_small()) return SKIPPED;
    open_cache(100 << 20);
    for (int n = 0; n < 40; n++) store(n, 100000);
    DEMAND(ibx_cache_writable(cache) && has(39) && !has(0));
    DEMAND(counted(IBX_CACHE_ERROR) == 0);
    DEMAND(ibx_cache_bytes(cache) <= 1 << 20 && ibx_cache_bytes(cache) > 500000);
    /* more than the disk holds at all */
    store(50, 2000000);
    DEMAND(!ibx_cache_writable(cache) && !has(50) && counted(IBX_CACHE_ERROR) == 1);
    return 0;
}

static void bears_full_disk(void **state) {
    (void)state;
    in_child(fill_disk);
}

/* What is there can be read; what is corrupt is forgotten although it cannot be removed. */
static int read_only(void) {
    if (!mount_small()) return SKIPPED;
    open_cache(10 << 20);
    store(1, 1000);
    store(2, 1000);
    set_time(1, 1000);
    flip(path_of(2).text, 500);
    DEMAND(mount("none", folder, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
    open_cache(10 << 20);
    DEMAND(has(1) && !has(2) && counted(IBX_CACHE_CORRUPT) == 1);
    DEMAND(!has(2) && counted(IBX_CACHE_CORRUPT) == 1);
    store(3, 1000);
    DEMAND(!ibx_cache_writable(cache) && !has(3) && counted(IBX_CACHE_ERROR) == 1);
    DEMAND(!ibx_cache_remove(cache, key_of(1).text) && has(1));
    open_cache(BLOCK / 2); /* more than shall be, and nothing can be done */
    DEMAND(has(1));
    return 0;
}

static void bears_read_only(void **state) {
    (void)state;
    in_child(read_only);
}

/* ---- speed ------------------------------------------------------------------------------------
 */

/* Of processor time: other processes do not count. */
static double microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double time_hits(void) {
    const double begun = microseconds();
    for (int i = 0; i < 200; i++) assert_true(has(i % 10));
    return (microseconds() - begun) / 200;
}

static double best_hit(size_t size) {
    double best = 1e9;
    for (int n = 0; n < 10; n++) store(n, size);
    for (int i = 0; i < 10; i++) {
        const double t = time_hits();
        if (t < best) best = t;
    }
    print_message("a hit of %zu kB takes %.1f us\n", size / 1000, best);
    return best;
}

/* What is mapped takes as long however large it is. */
static void is_quick(void **state) {
    (void)state;
    open_cache(1 << 30);
    const size_t sizes[] = {20000, 200000, 300000, 30000000};
    double took[4];
    for (int i = 0; i < 4; i++) {
        took[i] = best_hit(sizes[i]);
        assert_true(took[i] > 0);
    }
#ifndef IBX_SANITIZED
    assert_true(took[0] < 30);
    assert_true(took[3] < 5 * took[2]);
#endif
}

int main(void) {
#define ALONE(f) cmocka_unit_test_setup_teardown(f, set_up_folder, tear_down)
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {TEST(finds),
                                       TEST(waits),
                                       TEST(refuses_giants),
                                       TEST(removes),
                                       TEST(replaces),
                                       TEST(refuses_keys),
                                       TEST(sees_damage),
                                       TEST(sees_late_damage),
                                       TEST(reads_once),
                                       TEST(sees_swaps),
                                       TEST(evicts),
                                       TEST(remembers),
                                       TEST(shrinks_at_start),
                                       TEST(leaves_others_alone),
                                       TEST(shares),
                                       TEST(says_why),
                                       ALONE(bears_limits),
                                       ALONE(bears_full_disk),
                                       ALONE(bears_read_only),
                                       TEST(is_quick)};
    g_thread_pool_set_max_unused_threads(0); /* a child of fork would take one for its own */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
