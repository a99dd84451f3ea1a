/* worker - the real program as a worker: orders in, deliveries out, over its socket. */
#include "decoded.h"
#include "server/jobs/environment.h"
#include "server/jobs/wire.h"
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PHOTO SOURCE_DIR "/samples/pictures/photo-before.jpg"

static struct {
    pid_t pid;
    int socket;
    ibx_hello hello;
    double ready_ms;
} worker;

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* ---- a worker starts and ends -----------------------------------------------------------------
 */

/* As the server makes it. Free with g_strfreev. */
static char **environment(const char *sandbox) {
    char *words[] = {"--worker-count", "1", "--worker-threads", "2", "--worker-sandbox",
                     (char *)sandbox};
    ibx_settings settings;
    ibx_error err = {0};
    if (!ibx_settings_read(&settings, NULL, 6, words, &err)) fail_msg("%s", err.text);
    char **made = ibx_worker_environment(&settings);
    ibx_settings_free(&settings);
    return made;
}

/* What kernels without Landlock cannot be asked for. */
static const char *strictest(void) {
    const char *mode = getenv("TEST_SANDBOX");
    return mode ? mode : "prefer";
}

static void start_with(const char *sandbox) {
    const char *program = getenv("IMBREX");
    char *words[] = {"imbrex", "worker", NULL};
    int ends[2];
    ibx_error err = {0};
    if (!program) {
        fail_msg("IMBREX names the program");
        return;
    }
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    char **variables = environment(sandbox);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 3);
    const double begin = now_ms();
    assert_int_equal(posix_spawn(&worker.pid, program, &actions, NULL, words, variables), 0);
    posix_spawn_file_actions_destroy(&actions);
    g_strfreev(variables);
    close(ends[1]);
    worker.socket = ends[0];
    if (!ibx_wire_take_hello(worker.socket, &worker.hello, &err)) fail_msg("hello: %s", err.text);
    worker.ready_ms = now_ms() - begin;
}

static int start(void **state) {
    (void)state;
    start_with(strictest());
    return 0;
}

/* The exit status; negative: the signal that killed it. */
static int stop(void) {
    int status;
    close(worker.socket);
    assert_int_equal(waitpid(worker.pid, &status, 0), worker.pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Closing the socket ends it, without complaint. */
static int end(void **state) {
    (void)state;
    return stop();
}

/* ---- orders ------------------------------------------------------------------------------------
 */

static ibx_order order_of(ibx_order_kind kind, const char *recipe, const char *format) {
    ibx_order o = {.kind = kind,
                   .threads = 2,
                   .metadata = IBX_META_NO_GPS,
                   .memory = 1 << 30,
                   .max_pixels = 100000000,
                   .output_side = 16384,
                   .output_pixels = 50000000,
                   .output_bytes = 64 << 20,
                   .name = "the source"};
    snprintf(o.recipe, sizeof o.recipe, "%s", recipe);
    snprintf(o.format, sizeof o.format, "%s", format ? format : "");
    return o;
}

static void deliver(const ibx_order *order, int source, ibx_delivery *d, int *fds) {
    ibx_error err = {0};
    if (!ibx_wire_send_order(worker.socket, order, source, &err)) fail_msg("%s", err.text);
    if (!ibx_wire_take_delivery(worker.socket, d, fds, &err))
        fail_msg("%s: the worker is gone: %s", order->recipe, err.text);
}

static void close_all(const int *fds) {
    for (int i = 0; i < IBX_WIRE_OUTPUTS; i++)
        if (fds[i] >= 0) close(fds[i]);
}

static int open_file(const char *path) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) fail_msg("%s cannot be opened", path);
    return fd;
}

static int file_of(const void *data, size_t size) {
    const int fd = memfd_create("source", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), (ssize_t)size);
    return fd;
}

/* The error of an order that must fail. */
static ibx_error failure(const ibx_order *order, int source) {
    ibx_delivery d;
    int fds[IBX_WIRE_OUTPUTS];
    deliver(order, source, &d, fds);
    if (d.error.code == IBX_OK) fail_msg("%s: was done", order->recipe);
    assert_int_equal(d.outputs, 0);
    for (int i = 0; i < IBX_WIRE_OUTPUTS; i++) assert_int_equal(fds[i], -1);
    assert_true(d.error.text[0]);
    return d.error;
}

/* ---- the same bytes as in this process ---------------------------------------------------------
 */

typedef struct {
    blob file[IBX_WIRE_OUTPUTS];
} harvest;

static bool take(void *user, int output, const void *data, size_t size) {
    blob *b = &((harvest *)user)->file[output];
    b->data = realloc(b->data, b->size + size + 1);
    assert_non_null(b->data);
    memcpy(b->data + b->size, data, size);
    b->size += size;
    return true;
}

static harvest convert(const ibx_order *order, int source) {
    harvest h = {0};
    ibx_error err = {0};
    ibx_recipe *recipe = ibx_recipe_parse(order->recipe, &err);
    const ibx_conversion c = {.recipe = recipe,
                              .fd = source,
                              .name = order->name,
                              .format = order->format[0] ? order->format : NULL,
                              .metadata = order->metadata,
                              .limits = {.threads = order->threads, .memory = 1 << 30}};
    if (!recipe || !ibx_convert(&c, NULL, take, &h, NULL, &err))
        fail_msg("%s: %s", order->recipe, err.text);
    ibx_recipe_free(recipe);
    return h;
}

static void drop(harvest *h) {
    for (int i = 0; i < IBX_WIRE_OUTPUTS; i++) free(h->file[i].data);
}

static void demand_same(const ibx_order *order, int source, const char *what) {
    ibx_delivery d;
    int fds[IBX_WIRE_OUTPUTS];
    deliver(order, source, &d, fds);
    if (d.error.code != IBX_OK) fail_msg("%s, %s: %s", what, order->recipe, d.error.text);
    harvest h = convert(order, source);
    for (int i = 0; i < d.outputs; i++) {
        const blob *mine = &h.file[i];
        assert_int_equal(d.output[i].bytes, mine->size);
        if (!mine->data) continue;
        void *data = mmap(NULL, mine->size, PROT_READ, MAP_SHARED, fds[i], 0);
        assert_true(data != MAP_FAILED);
        if (memcmp(data, mine->data, mine->size) != 0)
            fail_msg("%s, %s: output %d differs", what, order->recipe, i + 1);
        munmap(data, mine->size);
    }
    assert_true(d.known && d.cpu > 0);
    drop(&h);
    close_all(fds);
}

static void says_hello(void **state) {
    (void)state;
    print_message("ready after %.0f ms; Landlock ABI %d, seccomp %d\n", worker.ready_ms,
                  worker.hello.landlock_abi, worker.hello.seccomp);
    assert_true(worker.hello.seccomp);
}

static void looks(void **state) {
    (void)state;
    ibx_delivery d;
    int fds[IBX_WIRE_OUTPUTS];
    const int source = open_file(PHOTO);
    ibx_order o = order_of(IBX_ORDER_LOOK, "", NULL);
    deliver(&o, source, &d, fds);
    assert_int_equal(d.error.code, IBX_OK);
    assert_true(d.known);
    assert_string_equal(d.about.format, "jpeg");
    assert_int_equal(d.outputs, 0);
    o = order_of(IBX_ORDER_LOOK, "resize:100x100/save:png,name=small/save:auto", "webp");
    deliver(&o, source, &d, fds);
    assert_int_equal(d.error.code, IBX_OK);
    assert_int_equal(d.outputs, 2);
    assert_string_equal(d.output[0].name, "small");
    assert_string_equal(d.output[0].format, "png");
    assert_string_equal(d.output[1].format, "webp");
    assert_int_equal(ibx_max(d.output[1].w, d.output[1].h), 100);
    assert_int_equal(d.output[1].bytes, 0);
    assert_true(d.memory > 100000 && d.megapixels > 0.01 && d.rss > 1000000);
    assert_int_equal(fds[0], -1);
    close(source);
}

/* Every format is written, and read again. */
static void every_format(void **state) {
    (void)state;
    size_t count;
    const ibx_format *const *format = ibx_formats(&count);
    for (size_t i = 0; i < count; i++) {
        const int source = open_file(PHOTO);
        ibx_order o = order_of(IBX_ORDER_RUN, "resize:200x200", format[i]->name);
        demand_same(&o, source, format[i]->name);
        harvest h = convert(&o, source);
        const int again = file_of(h.file[0].data, h.file[0].size);
        o = order_of(IBX_ORDER_RUN, "blur:2/save/rotate:90/save:png", NULL);
        demand_same(&o, again, format[i]->name);
        close(again);
        close(source);
        drop(&h);
    }
}

/* Ways through the encoders that need more: a pyramid, bands, 16 bits, an image above what libvips
 * keeps in memory elsewhere, which is turned as a whole. */
static void demanding_recipes(void **state) {
    (void)state;
    static const char *const RECIPES[] = {
        "save:tiff,pyramid=yes,tiled=yes",
        "save:tiff,compression=zstd/save:tiff,compression=jpeg/save:tiff,compression=lzw,depth=16",
        "save:png,interlace=yes/save:jpeg,progressive=yes/save:webp,lossless=yes",
        "save:avif,lossless=yes,effort=5/save:gif,colours=16",
        "resize:6000x6000,grow=yes/rotate:90/save:tiff",
        "resize:6000x6000,grow=yes/autolevels/save:jpeg/save:webp,effort=0",
    };
    const int source = open_file(PHOTO);
    for (size_t i = 0; i < sizeof RECIPES / sizeof *RECIPES; i++) {
        ibx_order o = order_of(IBX_ORDER_RUN, RECIPES[i], NULL);
        demand_same(&o, source, "photo");
        o.threads = 1;
        demand_same(&o, source, "photo, one thread");
    }
    close(source);
}

typedef struct {
    int done, refused;
} tally_of_files;

static void try_file(const char *path, void *user) {
    tally_of_files *t = user;
    ibx_delivery d;
    int fds[IBX_WIRE_OUTPUTS];
    const int source = open_file(path);
    ibx_order o = order_of(IBX_ORDER_LOOK, "resize:256x256/save:png", NULL);
    deliver(&o, source, &d, fds);
    const bool fine = d.error.code == IBX_OK;
    o.kind = IBX_ORDER_RUN;
    deliver(&o, source, &d, fds);
    if (d.error.code == IBX_OK && (!fine || d.outputs != 1)) fail_msg("%s: no look", path);
    close_all(fds);
    close(source);
    *(d.error.code == IBX_OK ? &t->done : &t->refused) += 1;
}

static void try_folder(const char *folder, int least) {
    tally_of_files t = {0};
    if (for_each_file(folder, try_file, &t) == 0) {
        print_message("no test data for %s\n", folder);
        return;
    }
    print_message("%s: %d done, %d refused\n", folder, t.done, t.refused);
    assert_true(t.done >= least);
}

static void files_of_all_kinds(void **state) {
    (void)state;
    try_folder("formats/heic", 1);
    try_folder("formats/avif", 1);
    try_folder("formats/tiff", 1);
    try_folder("formats/gif-webp-anim", 1);
    try_folder("formats/icc-and-cmyk", 10);
    try_folder("formats/misc-pillow", 0);
    try_folder("formats/libvips-samples", 0);
}

/* The worker must outlive all of them. */
static void bad_files(void **state) {
    (void)state;
    try_folder("bad", 0);
    assert_int_equal(kill(worker.pid, 0), 0);
}

/* ---- what goes wrong ----------------------------------------------------------------------------
 */

static void refusals(void **state) {
    (void)state;
    static const char TEXT[] = "This is a text, and no image at all.";
    const int source = open_file(PHOTO), text = file_of(TEXT, sizeof TEXT);
    ibx_order o = order_of(IBX_ORDER_RUN, "save:png", NULL);
    assert_int_equal(failure(&o, text).code, IBX_FORMAT);
    o.max_pixels = 1000;
    assert_int_equal(failure(&o, source).code, IBX_LIMIT);
    o = order_of(IBX_ORDER_RUN, "save:png", NULL);
    o.memory = 200000;
    assert_int_equal(failure(&o, source).code, IBX_MEMORY);
    o = order_of(IBX_ORDER_RUN, "save:png", NULL);
    o.output_side = 100;
    assert_int_equal(failure(&o, source).code, IBX_LIMIT);
    o.kind = IBX_ORDER_LOOK;
    assert_int_equal(failure(&o, source).code, IBX_LIMIT);
    o = order_of(IBX_ORDER_RUN, "save:png", NULL);
    o.output_pixels = 1000;
    assert_int_equal(failure(&o, source).code, IBX_LIMIT);
    o = order_of(IBX_ORDER_RUN, "resize:50%/save:jpeg/save:png", NULL);
    o.output_bytes = 2000;
    assert_int_equal(failure(&o, source).code, IBX_LIMIT);
    o = order_of(IBX_ORDER_RUN, "invert/blur:900", NULL);
    const ibx_error err = failure(&o, source);
    assert_int_equal(err.code, IBX_USAGE);
    assert_int_equal(err.step, 2);
    assert_string_equal(err.parameter, "sigma");
    assert_string_equal(err.value, "900");
    o = order_of(IBX_ORDER_RUN, "lut3d:\"/etc/passwd\"", NULL); /* no file may be opened */
    assert_int_equal(failure(&o, source).step, 1);
    close(source);
    close(text);
}

/* More outputs than a message has room for. */
static void too_many_outputs(void **state) {
    (void)state;
    char recipe[2000] = "";
    for (int i = 0; i <= IBX_WIRE_OUTPUTS; i++)
        strncat(recipe, "save:jpeg/", sizeof recipe - strlen(recipe) - 1);
    const int source = open_file(PHOTO);
    ibx_order o = order_of(IBX_ORDER_RUN, recipe, NULL);
    assert_int_equal(failure(&o, source).code, IBX_LIMIT);
    recipe[IBX_WIRE_OUTPUTS * 10] = 0;
    o = order_of(IBX_ORDER_RUN, recipe, NULL);
    demand_same(&o, source, "as many as there may be");
    close(source);
}

/* The memory of a worker does not grow with the number of its orders, nor do its descriptors. */
static void many_orders(void **state) {
    (void)state;
    enum { WARM = 40, MANY = 300 };
    const int source = open_file(PHOTO);
    ibx_delivery d;
    int fds[IBX_WIRE_OUTPUTS];
    int64_t warm = 0;
    double cpu = 0;
    for (int i = 0; i < WARM + MANY; i++) {
        const ibx_order o = order_of(IBX_ORDER_RUN, i % 2 ? "resize:90x90/save:png" : "blur:2",
                                     i % 4 ? "jpeg" : "webp");
        deliver(&o, source, &d, fds);
        assert_int_equal(d.error.code, IBX_OK);
        close_all(fds);
        cpu += d.cpu;
        if (i == WARM) warm = d.rss;
    }
    print_message("%d orders: %.1f ms each, from %lld to %lld kB\n", WARM + MANY,
                  cpu / (WARM + MANY), (long long)warm >> 10, (long long)d.rss >> 10);
#ifndef IBX_SANITIZED
    assert_true(d.rss < warm + (4 << 20));
#endif
    close(source);
}

/* ---- other ends ------------------------------------------------------------------------------ */

static void without_a_sandbox(void **state) {
    (void)state;
    start_with("off");
    assert_false(worker.hello.seccomp);
    assert_int_equal(worker.hello.landlock_abi, 0);
    every_format(NULL);
    refusals(NULL);
    assert_int_equal(stop(), 0);
}

/* A message that is no order ends it, with a complaint. */
static void nonsense(void **state) {
    (void)state;
    start_with(strictest());
    assert_int_equal(send(worker.socket, "nonsense", 8, MSG_NOSIGNAL), 8);
    char nothing[8];
    assert_int_equal(recv(worker.socket, nothing, sizeof nothing, 0), 0);
    assert_int_equal(stop(), EXIT_FAILURE);
}

/* Signals to a whole group, as from a terminal, are the server's affair. */
static void signals(void **state) {
    (void)state;
    start_with(strictest());
    kill(worker.pid, SIGINT);
    kill(worker.pid, SIGTERM);
    const int source = open_file(PHOTO);
    const ibx_order o = order_of(IBX_ORDER_RUN, "resize:90x90", "png");
    demand_same(&o, source, "photo");
    close(source);
    assert_int_equal(stop(), 0);
}

int main(void) {
    const struct CMUnitTest one_worker[] = {
        cmocka_unit_test(says_hello),         cmocka_unit_test(looks),
        cmocka_unit_test(every_format),       cmocka_unit_test(demanding_recipes),
        cmocka_unit_test(files_of_all_kinds), cmocka_unit_test(bad_files),
        cmocka_unit_test(refusals),           cmocka_unit_test(too_many_outputs),
        cmocka_unit_test(many_orders),
    };
    const struct CMUnitTest others[] = {
        cmocka_unit_test(without_a_sandbox),
        cmocka_unit_test(nonsense),
        cmocka_unit_test(signals),
    };
    return cmocka_run_group_tests(one_worker, start, end) +
           cmocka_run_group_tests(others, NULL, NULL);
}
