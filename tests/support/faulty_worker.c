/* faulty_worker.c - a worker that misbehaves on command. */
#include "faulty_worker.h"
#include "server/jobs/wire.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SOCKET = 3 };

/* Is the word among the recipe's, and what stands behind its colon? */
static bool is_told(const ibx_order *order, const char *word, int *number) {
    const size_t n = strlen(word);
    for (const char *c = order->recipe; (c = strstr(c, word)); c += n) {
        if (c != order->recipe && c[-1] != ' ') continue;
        if (c[n] != ' ' && c[n] != ':' && c[n] != 0) continue;
        if (number) *number = atoi(c + n + (c[n] == ':'));
        return true;
    }
    return false;
}

static double ms_of(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void burn(double ms) {
    const double end = ms_of(CLOCK_PROCESS_CPUTIME_ID) + ms;
    while (ms_of(CLOCK_PROCESS_CPUTIME_ID) < end) {
    }
}

static void die(void) {
    raise(SIGKILL);
}

/* A sealed memory file of the recipe's text, or of `size` bytes. */
static int make_file(const ibx_order *order, int64_t size) {
    const int fd = memfd_create("result", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    const size_t n = strlen(order->recipe);
    if (pwrite(fd, order->recipe, n, 0) != (ssize_t)n || ftruncate(fd, size) != 0) exit(4);
    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW);
    return fd;
}

static void deliver(const ibx_delivery *delivery, const int *fds) {
    ibx_error err;
    if (!ibx_wire_send_delivery(SOCKET, delivery, fds, &err)) exit(0); /* nobody waits */
}

static void take_time(const ibx_order *order, const char *sleep_word) {
    int ms;
    if (is_told(order, sleep_word, &ms)) usleep((useconds_t)ms * 1000);
    if (order->kind == IBX_ORDER_RUN && is_told(order, "burn", &ms)) burn(ms);
}

static ibx_delivery usual(const ibx_order *order) {
    ibx_delivery d = {.known = true, .outputs = 1, .megapixels = 0.75, .memory = 1 << 20};
    int number;
    strcpy(d.about.format, "jpeg");
    strcpy(d.output[0].format, "png");
    const char *from = strstr(order->recipe, "from:");
    if (from) sscanf(from + 5, "%15[a-z]", d.about.format);
    d.output[0].w = d.output[0].h = 10;
    if (is_told(order, "side", &number)) d.output[0].w = number;
    if (is_told(order, "memory", &number)) d.memory = (int64_t)number << 20;
    return d;
}

static void look(const ibx_order *order) {
    ibx_delivery d = usual(order);
    int ms;
    if (is_told(order, "look-crash", NULL)) die();
    while (is_told(order, "look-hang", NULL)) pause();
    take_time(order, "look-sleep");
    if (is_told(order, "look-burn", &ms)) burn(ms);
    if (is_told(order, "look-fail", NULL)) ibx_fail(&d.error, IBX_FORMAT, "not an image");
    deliver(&d, NULL);
}

/* True if the delivery is a lie, and told. */
static bool lie(const ibx_order *order, ibx_delivery *d) {
    if (is_told(order, "short", NULL)) return send(SOCKET, d, 10, 0) == 10;
    if (is_told(order, "lie", NULL)) {
        d->outputs = 1000;
        return send(SOCKET, d, sizeof *d, 0) > 0;
    }
    if (!is_told(order, "none", NULL)) return false;
    deliver(d, NULL);
    return true;
}

static void run(const ibx_order *order) {
    ibx_delivery d = usual(order);
    take_time(order, "sleep");
    if (is_told(order, "crash", NULL)) die();
    if (is_told(order, "leave", NULL)) exit(0);
    if (lie(order, &d)) return;
    const bool starved = is_told(order, "starve", NULL);
    if (starved || is_told(order, "fail", NULL)) {
        ibx_fail(&d.error, starved ? IBX_MEMORY : IBX_FORMAT, starved ? "no memory" : "damaged");
        deliver(&d, NULL);
        return;
    }
    if (is_told(order, "fat", NULL)) d.rss = (int64_t)4 << 30;
    d.output[0].bytes =
        is_told(order, "big", NULL) ? order->output_bytes + 1 : (int64_t)strlen(order->recipe);
    const int fd = make_file(order, d.output[0].bytes);
    deliver(&d, &fd);
    close(fd);
    if (is_told(order, "last", NULL)) die();
    if (is_told(order, "talk", NULL)) deliver(&d, NULL);
}

static void greet(void) {
    const char *loaders = getenv("IMBREX_WORKER_LOADERS");
    const bool gibberish = loaders && strstr(loaders, "gibberish");
    const ibx_hello hello = {.magic = gibberish ? 1 : IBX_WIRE_MAGIC, .landlock_abi = 7};
    ibx_error err;
    if (loaders && strstr(loaders, "stillborn")) exit(3);
    while (loaders && strstr(loaders, "mute")) pause();
    if (!ibx_wire_send_hello(SOCKET, &hello, &err)) exit(0);
}

int faulty_worker(void) {
    static ibx_order order;
    ibx_error err;
    int source;
    greet();
    while (ibx_wire_take_order(SOCKET, &order, &source, &err)) {
        close(source);
        if (order.kind == IBX_ORDER_RUN)
            run(&order);
        else
            look(&order);
    }
    return 0;
}
