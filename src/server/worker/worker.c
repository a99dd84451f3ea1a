/* worker.c - gets ready, locks itself in, and serves orders. */
#include "server/worker/worker.h"
#include "server/worker/orders.h"
#include "server/worker/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <omp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_LOADERS = 32 };

typedef struct {
    ibx_bench bench;
    char *names; /* of the loaders, cut into words */
    const char *loader[MOST_LOADERS + 1];
    ibx_order order;
    ibx_delivery delivery;
} worker;

static int complain(const ibx_error *err) {
    fprintf(stderr, "imbrex: worker: %s\n", err->text);
    return EXIT_FAILURE;
}

/* ---- getting ready ------------------------------------------------------------------------------
 */

static ibx_sandbox_mode sandbox_mode(void) {
    const char *word = getenv("IMBREX_WORKER_SANDBOX");
    if (word && strcmp(word, "off") == 0) return IBX_SANDBOX_OFF;
    return word && strcmp(word, "prefer") == 0 ? IBX_SANDBOX_PREFER : IBX_SANDBOX_REQUIRE;
}

static int64_t address_space(void) {
    const char *word = getenv("IMBREX_WORKER_ADDRESS_SPACE");
    return word ? strtoll(word, NULL, 10) : 0;
}

static bool read_loaders(worker *w, ibx_error *err) {
    const char *names = getenv("IMBREX_WORKER_LOADERS");
    int n = 0;
    char *rest = NULL;
    if (!names || !*names) return true;
    w->names = strdup(names);
    if (!w->names) return ibx_fail(err, IBX_MEMORY, "no memory");
    for (char *word = strtok_r(w->names, ", ", &rest); word; word = strtok_r(NULL, ", ", &rest)) {
        if (n == MOST_LOADERS)
            return ibx_fail(err, IBX_USAGE, "more than %d loaders are allowed", MOST_LOADERS);
        w->loader[n++] = word;
    }
    w->bench.loaders = w->loader;
    return true;
}

/* The libvips codec and its loaders are loaded by who looks at a file that they alone might know,
 * and open files while they are: this is the last time that it can be done. Whether that succeeds
 * is of no matter here: without them JPEG and PNG remain, and all else fails with a reason. */
static void load_codecs(const ibx_bench *bench) {
    static const char TEXT[] = "no image";
    ibx_forecast forecast;
    const int fd = memfd_create("imbrex", MFD_CLOEXEC);
    const bool written = fd >= 0 && write(fd, TEXT, sizeof TEXT) == (ssize_t)sizeof TEXT;
    const ibx_conversion conversion = {.fd = fd,
                                       .allow_loaders = bench->loaders,
                                       .limits = {.threads = 1, .memory = 1 << 20},
                                       .reserve = bench->reserve};
    if (written && ibx_convert_look(&conversion, &forecast, NULL)) ibx_forecast_free(&forecast);
    if (fd >= 0) close(fd);
}

/* LLVM's OpenMP makes a file in shared memory when it is first asked something, and ends the
 * process if it cannot: this is the last time that it can. Asking makes no thread. The file, by
 * which it finds out whether a process holds it twice, could not be removed at the end: it goes
 * now. */
static void start_openmp(void) {
    char name[64];
    (void)omp_get_max_threads();
    snprintf(name, sizeof name, "/__KMP_REGISTERED_LIB_%d_%d", (int)getpid(), (int)getuid());
    shm_unlink(name); /* GNU's makes none */
}

/* The front ends its workers by closing their sockets, or kills them; a signal to the whole group,
 * as from a terminal, is the front's affair. A file that becomes too long is an error of write. */
static void ignore_signals(void) {
    static const int IGNORED[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};
    for (size_t i = 0; i < sizeof IGNORED / sizeof *IGNORED; i++) signal(IGNORED[i], SIG_IGN);
}

static bool get_ready(worker *w, ibx_hello *hello, ibx_error *err) {
    ibx_sandbox_state state;
    ignore_signals();
    w->bench.reserve = ibx_reserve_new();
    w->bench.statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (!w->bench.reserve) return ibx_fail(err, IBX_MEMORY, "no memory");
    if (!read_loaders(w, err)) return false;
    start_openmp();
    load_codecs(&w->bench);
    if (!ibx_sandbox_enter(sandbox_mode(), address_space(), &state, err)) return false;
    *hello = (ibx_hello){
        .magic = IBX_WIRE_MAGIC, .landlock_abi = state.landlock_abi, .seccomp = state.seccomp};
    return true;
}

/* ---- orders -------------------------------------------------------------------------------------
 */

static bool serve_one(worker *w, ibx_error *err) {
    int source, fds[IBX_WIRE_OUTPUTS];
    if (!ibx_wire_take_order(IBX_WORKER_SOCKET, &w->order, &source, err)) return false;
    ibx_order_fill(&w->bench, &w->order, source, &w->delivery, fds);
    const bool run = w->order.kind == IBX_ORDER_RUN && w->delivery.outputs > 0;
    const bool sent =
        ibx_wire_send_delivery(IBX_WORKER_SOCKET, &w->delivery, run ? fds : NULL, err);
    for (int i = 0; run && i < w->delivery.outputs; i++) close(fds[i]);
    close(source);
    return sent;
}

/* Is it the end that the front brought about? */
static bool has_ended(const ibx_error *err) {
    return err->code == IBX_IO && strcmp(err->text, "ended") == 0;
}

/* At the end of a process LeakSanitizer reads /proc, which is closed to those that are locked in;
 * workers without a sandbox are looked at. */
static void leave(const ibx_hello *hello, int status) {
#ifdef IBX_SANITIZED
    if (hello->landlock_abi > 0) _exit(status);
#else
    (void)hello, (void)status;
#endif
}

static int serve(worker *w) {
    ibx_hello hello = {0};
    ibx_error err = {0};
    if (!get_ready(w, &hello, &err) || !ibx_wire_send_hello(IBX_WORKER_SOCKET, &hello, &err))
        return complain(&err);
    while (serve_one(w, &err)) continue;
    const int status = has_ended(&err) ? EXIT_SUCCESS : complain(&err);
    leave(&hello, status);
    return status;
}

int ibx_worker_main(int argc, char **argv) {
    (void)argv;
    if (argc > 0 || fcntl(IBX_WORKER_SOCKET, F_SETFD, FD_CLOEXEC) != 0)
        return complain(&(ibx_error){.text = "is started by the server alone"});
    worker *w = calloc(1, sizeof *w);
    if (!w) return complain(&(ibx_error){.text = "no memory"});
    w->bench.statm = -1;
    const int status = serve(w);
    ibx_reserve_free(w->bench.reserve);
    free(w->names);
    free(w);
    return status;
}
