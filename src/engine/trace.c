/* trace.c - pages of spans, on their way from the threads to the front-end. */
#include "engine/trace.h"
#include <omp.h>
#include <stdlib.h>
#include <time.h>

#define PAGE_SPANS 1024

struct ibx_page {
    ibx_page *next;
    size_t count;
    ibx_span span[PAGE_SPANS];
};

static int64_t clock_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

bool ibx_trace_open(ibx_trace *trace, ibx_on_spans *on_spans, void *user, int threads,
                    ibx_error *err) {
    *trace =
        (ibx_trace){.on_spans = on_spans, .user = user, .threads = threads, .began = clock_us()};
    trace->page = calloc((size_t)threads, sizeof(ibx_page *));
    return trace->page || ibx_fail(err, IBX_MEMORY, "no memory for a timeline");
}

int64_t ibx_trace_clock(const ibx_trace *trace) {
    return clock_us() - trace->began;
}

static void push(ibx_trace *trace, ibx_page *page) {
    page->next = atomic_load_explicit(&trace->full, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&trace->full, &page->next, page,
                                                  memory_order_release, memory_order_relaxed)) {
    }
}

/* The row of this thread: the I/O thread, which may be any of the team, comes first. */
static int row(const ibx_trace *trace, int number) {
    return number == trace->io ? 0 : number == 0 ? trace->io : number;
}

void ibx_trace_keep(ibx_trace *trace, const ibx_span *span) {
    const int number = omp_get_thread_num();
    ibx_page **page = &trace->page[number];
    if (!*page) *page = calloc(1, sizeof **page);
    if (!*page) return;
    ibx_span *kept = &(*page)->span[(*page)->count++];
    *kept = *span;
    kept->thread = row(trace, number);
    kept->end = ibx_trace_clock(trace);
    if ((*page)->count < PAGE_SPANS) return;
    push(trace, *page);
    *page = NULL;
}

/* Hands on a list, the last page of which was filled first. */
static void hand_on(const ibx_trace *trace, ibx_page *last) {
    ibx_page *first = NULL;
    while (last) {
        ibx_page *before = last->next;
        last->next = first;
        first = last;
        last = before;
    }
    while (first) {
        ibx_page *next = first->next;
        trace->on_spans(trace->user, first->span, first->count);
        free(first);
        first = next;
    }
}

void ibx_trace_pass_on(ibx_trace *trace) {
    if (!trace || !atomic_load_explicit(&trace->full, memory_order_relaxed)) return;
    hand_on(trace, atomic_exchange_explicit(&trace->full, NULL, memory_order_acquire));
}

void ibx_trace_close(ibx_trace *trace) {
    if (!trace->page) return;
    ibx_trace_pass_on(trace);
    for (int i = 0; i < trace->threads; i++)
        if (trace->page[i]) hand_on(trace, trace->page[i]);
    free(trace->page);
}
