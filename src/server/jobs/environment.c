/* environment.c - the environment of worker processes. */
#include "server/jobs/environment.h"
#include <glib.h>
#include <inttypes.h>

static const char *const KEPT[] = {"PATH",
                                   "HOME",
                                   "TMPDIR",
                                   "LANG",
                                   "LC_ALL",
                                   "LC_CTYPE",
                                   "LC_MESSAGES",
                                   "TZ",
                                   "LD_LIBRARY_PATH",
                                   "LD_PRELOAD",
                                   "IMBREX_CPU",
                                   "ASAN_OPTIONS",
                                   "LSAN_OPTIONS",
                                   "UBSAN_OPTIONS",
                                   "TSAN_OPTIONS",
                                   "OMP_TOOL_LIBRARIES"}; /* of the last: Archer */

static const char *const MODES[] = {
    [IBX_SANDBOX_PREFER] = "prefer", [IBX_SANDBOX_REQUIRE] = "require", [IBX_SANDBOX_OFF] = "off"};

int ibx_worker_count(const ibx_settings *settings) {
    return settings->worker.count > 0 ? settings->worker.count : MAX(1, settings->processors);
}

int ibx_worker_threads(const ibx_settings *settings) {
    if (settings->worker.threads > 0) return settings->worker.threads;
    return MAX(1, settings->processors / ibx_worker_count(settings));
}

/* Address space is not memory: libraries, stacks of threads and arenas take a lot that is never
 * touched. Sanitizers take all there is. */
static int64_t address_space(const ibx_settings *settings) {
#ifdef IBX_SANITIZED
    (void)settings;
    return 0;
#else
    const int64_t libraries = (int64_t)1 << 30;
    return settings->limits.job_bytes + settings->worker.rss + libraries;
#endif
}

static char **set_number(char **environment, const char *name, int64_t value) {
    char text[24];
    g_snprintf(text, sizeof text, "%" PRId64, value);
    return g_environ_setenv(environment, name, text, TRUE);
}

char **ibx_worker_environment(const ibx_settings *settings) {
    char **env = g_new0(char *, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(KEPT); i++) {
        const char *value = g_getenv(KEPT[i]);
        if (value) env = g_environ_setenv(env, KEPT[i], value, TRUE);
    }
    env = g_environ_setenv(env, "OMP_WAIT_POLICY", "passive", TRUE);
    env = set_number(env, "OMP_NUM_THREADS", ibx_worker_threads(settings));
    /* LLVM's OpenMP ends the process if it may not bind threads, which the sandbox does not let it.
     */
    env = g_environ_setenv(env, "KMP_AFFINITY", "disabled", TRUE);
    env = g_environ_setenv(env, "VIPS_CONCURRENCY", "1", TRUE);
    env = g_environ_setenv(env, "MALLOC_ARENA_MAX", "2", TRUE);
    env = g_environ_setenv(env, "IMBREX_WORKER_SANDBOX", MODES[settings->worker.sandbox], TRUE);
    env = set_number(env, "IMBREX_WORKER_ADDRESS_SPACE", address_space(settings));
    char *loaders = settings->worker.allow_loaders ? g_strjoinv(",", settings->worker.allow_loaders)
                                                   : g_strdup("");
    env = g_environ_setenv(env, "IMBREX_WORKER_LOADERS", loaders, TRUE);
    g_free(loaders);
    return env;
}
