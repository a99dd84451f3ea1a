/* books.c - opens, keeps and closes the books of a batch. */
#include "engine/books.h"
#include "engine/machine.h"
#include <omp.h>

static int64_t now_us(void) {
    return (int64_t)(ibx_clock_ms() * 1000);
}

static bool open_accounts(ibx_books *books, ibx_team *team, ibx_error *err) {
    books->cpu = ibx_process_ns();
    books->meter = ibx_meters_new(team->arenas);
    if (!books->meter) return ibx_fail(err, IBX_MEMORY, "no memory for accounts");
    for (int i = 0; i < team->arenas; i++) team->arena[i].meter = &books->meter[i];
    return true;
}

bool ibx_books_open(ibx_books *books, const ibx_batch *batch, void *user, ibx_team *team,
                    ibx_desk *desk, ibx_error *err) {
    books->threads = team->arenas;
    if (batch->stats && !open_accounts(books, team, err)) return false;
    if (!batch->on_spans) return true;
    if (!ibx_trace_open(&books->timeline, batch->on_spans, user, team->arenas, err)) return false;
    books->trace = desk->trace = team->trace = &books->timeline;
    return true;
}

void ibx_books_begin(ibx_books *books) {
    books->timeline.io = omp_get_thread_num();
    if (books->meter) atomic_store(&books->since, now_us());
}

void ibx_books_end(ibx_books *books) {
    ibx_books_hand_out(books); /* as if there were more: what went before was idle */
}

void ibx_books_hand_out(ibx_books *books) {
    if (!books->meter || atomic_fetch_add(&books->tasks, 1) > 0) return;
    books->idle += now_us() - atomic_load(&books->since);
}

/* The time comes first: whoever sees that no task is left sees since when. */
void ibx_books_ended(ibx_books *books) {
    if (!books->meter) return;
    atomic_store(&books->since, now_us());
    atomic_fetch_sub(&books->tasks, 1);
}

void ibx_books_use(ibx_books *books, size_t used) {
    if (used > books->used) books->used = used;
    ibx_trace_add(books->trace, (ibx_span){.kind = IBX_SPAN_MEMORY,
                                           .value = (int64_t)used,
                                           .begin = ibx_trace_now(books->trace)});
}

void ibx_books_drop(ibx_books *books, const ibx_job *job) {
    books->waited += ibx_job_waited(job);
}

void ibx_books_open_job(ibx_books *books, ibx_job *job) {
    const int64_t begin = books->meter ? ibx_thread_ns() : 0;
    ibx_job_open(job);
    if (!books->meter) return;
    const char *format = job->picture.info.format; /* NULL: it was refused before that was known */
    const ibx_cost cost = {.kind = IBX_COST_OPEN, .name = format ? format : "refused files"};
    ibx_meter_add(&books->meter[omp_get_thread_num()], cost, ibx_thread_ns() - begin, 0);
}

void ibx_books_close(ibx_books *books, const ibx_batch *batch, size_t memory, int threads) {
    ibx_trace_close(&books->timeline);
    if (!batch->stats) return;
    *batch->stats =
        (ibx_stats){.threads = threads,
                    .cpu = books->meter ? (double)(ibx_process_ns() - books->cpu) * 1e-9 : 0,
                    .waiting = (double)books->idle * 1e-6 * threads + books->waited * 1e-3,
                    .memory = (int64_t)memory,
                    .memory_used = (int64_t)books->used,
                    .peak = (int64_t)ibx_machine_peak()};
    ibx_meters_end(books->meter, books->threads, batch->stats);
}
