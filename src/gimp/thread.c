/* thread.c - threads that rest between one work and the next. */
#include "gimp/thread.h"
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct ibx_gimp_thread {
    pthread_mutex_t lock; /* of all but `next` */
    pthread_cond_t news;
    void (*work)(void *data); /* NULL: at rest, or it has ended */
    void *data;
    ibx_gimp_thread *next;
};

/* Those at rest. Like the threads of OpenMP, whose roots they are, they are the process's. */
static struct {
    pthread_mutex_t lock;
    ibx_gimp_thread *first;
} resting = {PTHREAD_MUTEX_INITIALIZER, NULL};

static void *live(void *argument) {
    ibx_gimp_thread *t = argument;
    pthread_mutex_lock(&t->lock);
    for (;;) {
        while (!t->work) pthread_cond_wait(&t->news, &t->lock);
        pthread_mutex_unlock(&t->lock);
        t->work(t->data);
        pthread_mutex_lock(&t->lock);
        t->work = NULL;
        pthread_cond_broadcast(&t->news);
    }
    return NULL;
}

static ibx_gimp_thread *hire(void) {
    ibx_gimp_thread *t = calloc(1, sizeof *t);
    pthread_t id;
    if (!t) return NULL;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->news, NULL);
    if (pthread_create(&id, NULL, live, t) == 0) {
        pthread_detach(id);
        return t;
    }
    pthread_cond_destroy(&t->news);
    pthread_mutex_destroy(&t->lock);
    free(t);
    return NULL;
}

static ibx_gimp_thread *wake(void) {
    pthread_mutex_lock(&resting.lock);
    ibx_gimp_thread *t = resting.first;
    if (t) resting.first = t->next;
    pthread_mutex_unlock(&resting.lock);
    return t;
}

ibx_gimp_thread *ibx_gimp_thread_start(void (*work)(void *data), void *data) {
    ibx_gimp_thread *t = wake();
    if (!t) t = hire();
    if (!t) return NULL;
    pthread_mutex_lock(&t->lock);
    t->work = work;
    t->data = data;
    pthread_cond_broadcast(&t->news);
    pthread_mutex_unlock(&t->lock);
    return t;
}

bool ibx_gimp_thread_wait(ibx_gimp_thread *t, int milliseconds) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += milliseconds % 1000 * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&t->lock);
    int timed_out = 0;
    while (t->work && !timed_out)
        timed_out = pthread_cond_clockwait(&t->news, &t->lock, CLOCK_MONOTONIC, &until);
    const bool ended = !t->work;
    pthread_mutex_unlock(&t->lock);
    return ended;
}

void ibx_gimp_thread_join(ibx_gimp_thread *t) {
    pthread_mutex_lock(&t->lock);
    while (t->work) pthread_cond_wait(&t->news, &t->lock);
    pthread_mutex_unlock(&t->lock);
    pthread_mutex_lock(&resting.lock);
    t->next = resting.first;
    resting.first = t;
    pthread_mutex_unlock(&resting.lock);
}
