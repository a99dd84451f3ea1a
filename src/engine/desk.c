/* desk.c - lock, bell and clock of the I/O thread. */
#include "engine/desk.h"
#include <time.h>

void ibx_desk_open(ibx_desk *desk, ibx_lender *lender) {
    pthread_condattr_t attributes;
    pthread_mutex_init(&desk->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&desk->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    desk->news = false;
    desk->trace = NULL;
    desk->shelf = NULL;
    desk->lender = lender;
}

void ibx_desk_close(ibx_desk *desk) {
    pthread_cond_destroy(&desk->wake);
    pthread_mutex_destroy(&desk->lock);
}

void ibx_desk_ring(ibx_desk *desk) {
    desk->news = true;
    pthread_cond_signal(&desk->wake);
}

void ibx_desk_wait(ibx_desk *desk, int milliseconds) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += milliseconds % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&desk->lock);
    while (!desk->news && pthread_cond_timedwait(&desk->wake, &desk->lock, &until) == 0) {
    }
    desk->news = false;
    pthread_mutex_unlock(&desk->lock);
}

double ibx_clock_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}
