/* slow_io.c - a slow disk, for tests/bench/slow_io.sh: preloaded, it makes every opening of a
 * regular file for reading below the folder SLOW_IO_FOLDER, and every rename and link, wait for
 * SLOW_IO_MS milliseconds. At the end it writes "OPENED RENAMED" into the file SLOW_IO_LOG, so that
 * nobody believes a measurement that it took no part in. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static atomic_int opened, renamed;

static void wait_a_while(atomic_int *counter) {
    const char *text = getenv("SLOW_IO_MS");
    const long ms = text ? atol(text) : 0;
    atomic_fetch_add(counter, 1);
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Waits if the descriptor is a regular file of the slow folder, opened for reading. */
static int slow_open(int fd, int flags) {
    const char *folder = getenv("SLOW_IO_FOLDER");
    struct stat about;
    char link[64], path[4096];
    if (fd < 0 || !folder || (flags & O_ACCMODE) != O_RDONLY) return fd;
    if (fstat(fd, &about) || !S_ISREG(about.st_mode)) return fd;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (!realpath(link, path) || strncmp(path, folder, strlen(folder)) != 0) return fd;
    wait_a_while(&opened);
    return fd;
}

/* The function of that name that this one stands in front of. */
#define NEXT(type, name) ((type)dlsym(RTLD_NEXT, name))

static int mode_of(int flags, va_list rest) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;
}

#define DEFINE_OPEN(name)                                                                          \
    int name(const char *path, int flags, ...) {                                                   \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        const int mode = mode_of(flags, rest);                                                     \
        va_end(rest);                                                                              \
        return slow_open(NEXT(int (*)(const char *, int, ...), #name)(path, flags, mode), flags);  \
    }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

#define DEFINE_OPENAT(name)                                                                        \
    int name(int at, const char *path, int flags, ...) {                                           \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        const int mode = mode_of(flags, rest);                                                     \
        va_end(rest);                                                                              \
        return slow_open(NEXT(int (*)(int, const char *, int, ...), #name)(at, path, flags, mode), \
                         flags);                                                                   \
    }
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

int rename(const char *from, const char *to) {
    wait_a_while(&renamed);
    return NEXT(int (*)(const char *, const char *), "rename")(from, to);
}

int renameat(int from_at, const char *from, int to_at, const char *to) {
    wait_a_while(&renamed);
    return NEXT(int (*)(int, const char *, int, const char *), "renameat")(from_at, from, to_at,
                                                                           to);
}

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    wait_a_while(&renamed);
    return NEXT(int (*)(int, const char *, int, const char *, unsigned),
                "renameat2")(from_at, from, to_at, to, flags);
}

int link(const char *from, const char *to) {
    wait_a_while(&renamed);
    return NEXT(int (*)(const char *, const char *), "link")(from, to);
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    wait_a_while(&renamed);
    return NEXT(int (*)(int, const char *, int, const char *, int), "linkat")(from_at, from, to_at,
                                                                              to, flags);
}

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("SLOW_IO_LOG");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fprintf(file, "%d %d\n", atomic_load(&opened), atomic_load(&renamed));
    fclose(file);
}
