/* turns.h - the main loop in tests: turned until something holds; what a process holds; and how
 * late the machine is. */
#ifndef TESTS_TURNS_H
#define TESTS_TURNS_H

#include <dirent.h>
#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static inline double now_ms(void) {
    return (double)g_get_monotonic_time() * 1e-3;
}

/* ---- time on a machine that others use, too -----------------------------------------------------
 */

/* Sleeps again and again, and adds up by how much it was woken too late, in microseconds. */
static inline void *watch_lateness(void *user) {
    enum { SLEEP_US = 5000 };
    for (;;) {
        const int64_t begin = g_get_monotonic_time();
        g_usleep(SLEEP_US);
        __atomic_fetch_add((int64_t *)user, g_get_monotonic_time() - begin - SLEEP_US,
                           __ATOMIC_RELAXED);
    }
    return NULL;
}

/* Milliseconds by which this process did not get a processor in time, since the first call. An
 * upper bound of time is widened by the difference of two such: it is about the code, not about who
 * else computes. Watched by a thread of its own, which knows nothing of the main loop. */
static inline double lateness(void) {
    static GThread *watch;
    static int64_t late_us;
    if (!watch) watch = g_thread_new("lateness", watch_lateness, &late_us);
    return (double)__atomic_load_n(&late_us, __ATOMIC_RELAXED) * 1e-3;
}

/* ---- the main loop ------------------------------------------------------------------------------
 */

static inline gboolean on_tick(gpointer data) {
    (void)data;
    return G_SOURCE_REMOVE;
}

static inline void turn(void) {
    const guint tick = g_timeout_add(5, on_tick, NULL);
    g_main_context_iteration(NULL, TRUE);
    if (g_main_context_find_source_by_id(NULL, tick)) g_source_remove(tick);
}

static inline void rest(double ms) {
    const double end = now_ms() + ms;
    while (now_ms() < end) turn();
}

/* Lets the main loop run until it holds, for 10 s at most. */
#define UNTIL(condition)                                                                           \
    do {                                                                                           \
        const double limit = now_ms() + 10000;                                                     \
        while (!(condition)) {                                                                     \
            if (now_ms() > limit) fail_msg("in vain: %s", #condition);                             \
            turn();                                                                                \
        }                                                                                          \
    } while (0)

static inline int count_files(const char *folder) {
    DIR *dir = opendir(folder);
    int n = 0;
    while (readdir(dir)) n++;
    closedir(dir);
    return n;
}

static inline int count_descriptors(void) {
    return count_files("/proc/self/fd");
}

/* Processes whose parent this one is, zombies too. */
static inline int count_children(void) {
    char name[64], pid[16];
    snprintf(name, sizeof name, "/proc/self/task/%d/children", (int)getpid());
    FILE *in = fopen(name, "r");
    int n = 0;
    if (!in) return -1;
    while (fscanf(in, "%15s", pid) == 1) n++;
    fclose(in);
    return n;
}

#endif
