/* descriptors.c - the limit of open files. */
#include "server/net/descriptors.h"
#include "server/jobs/environment.h"
#include <glib.h>
#include <sys/resource.h>

enum {
    OWN = 64,           /* logs, listeners, cache, admin and its clients */
    PER_WORKER = 4,     /* its socket, and what goes over it */
    PER_FETCH = 4,      /* connections, and the file that grows */
    PER_CONNECTION = 2, /* and the source or the kept result of its request */
};

void ibx_descriptors_raise(void) {
    struct rlimit most;
    if (getrlimit(RLIMIT_NOFILE, &most) != 0) return;
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_NOFILE, &most); /* if not, fewer connections fit */
}

int ibx_descriptors_connections(const ibx_settings *settings) {
    struct rlimit most;
    if (getrlimit(RLIMIT_NOFILE, &most) != 0 || most.rlim_cur == RLIM_INFINITY) return G_MAXINT;
    const rlim_t others = OWN + (rlim_t)(PER_WORKER * ibx_worker_count(settings)) +
                          (rlim_t)(PER_FETCH * settings->remote.fetches);
    const rlim_t fit = most.rlim_cur > others ? (most.rlim_cur - others) / PER_CONNECTION : 1;
    return (int)CLAMP(fit, 1, G_MAXINT);
}
