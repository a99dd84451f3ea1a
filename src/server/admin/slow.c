/* slow.c - a ring of lines. */
#include "server/admin/slow.h"
#include <glib.h>
#include <pthread.h>
#include <stdlib.h>

struct ibx_slow {
    pthread_mutex_t lock; /* of both below; one that ThreadSanitizer knows */
    char *line[IBX_SLOW_KEPT];
    int64_t kept; /* so far; the next one goes to kept % IBX_SLOW_KEPT */
};

ibx_slow *ibx_slow_new(void) {
    ibx_slow *slow = g_new0(ibx_slow, 1);
    pthread_mutex_init(&slow->lock, NULL);
    return slow;
}

void ibx_slow_free(ibx_slow *slow) {
    if (!slow) return;
    for (int i = 0; i < IBX_SLOW_KEPT; i++) free(slow->line[i]);
    pthread_mutex_destroy(&slow->lock);
    g_free(slow);
}

void ibx_slow_keep(ibx_slow *slow, const ibx_log_request *request) {
    char *line = ibx_log_line(request);
    if (!line) return;
    pthread_mutex_lock(&slow->lock);
    char **place = &slow->line[slow->kept++ % IBX_SLOW_KEPT];
    char *oldest = *place;
    *place = line;
    pthread_mutex_unlock(&slow->lock);
    free(oldest);
}

void ibx_slow_print(ibx_slow *slow, FILE *out) {
    fputs("{\"requests\":[", out);
    pthread_mutex_lock(&slow->lock);
    for (int64_t i = slow->kept - 1; i >= MAX(0, slow->kept - IBX_SLOW_KEPT); i--)
        fprintf(out, "%s\n%s", i < slow->kept - 1 ? "," : "", slow->line[i % IBX_SLOW_KEPT]);
    pthread_mutex_unlock(&slow->lock);
    fputs("]}\n", out);
}
