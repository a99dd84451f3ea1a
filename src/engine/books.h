/* books.h - what a batch notes about itself, if it is asked to: its timeline (trace.h), its
 * accounts (meter.h), the memory in use, and how long its threads had nothing to compute. */
#ifndef IBX_ENGINE_BOOKS_H
#define IBX_ENGINE_BOOKS_H

#include "engine/job.h"

typedef struct {
    ibx_trace *trace; /* `timeline`, or NULL: none is kept */
    ibx_meter *meter; /* one per thread of the team, or NULL: no accounts are kept */
    ibx_trace timeline;
    int threads;           /* of the team */
    int64_t cpu;           /* ns that the process had used when the batch began */
    double waited;         /* ms that threads waited for the disk within their tasks */
    size_t used;           /* most memory of the budget in use */
    atomic_int tasks;      /* handed out and not ended yet */
    _Atomic int64_t since; /* us; when the last of them ended */
    int64_t idle;          /* us without any, so far */
} ibx_books;

/* Opens what the batch asks for and lets the team and the desk write into it. The books must stay
 * where they are. False without memory. */
bool ibx_books_open(ibx_books *books, const ibx_batch *batch, void *user, ibx_team *team,
                    ibx_desk *desk, ibx_error *err);

/* I/O thread: the threads are there and want work; and the end of it. */
void ibx_books_begin(ibx_books *books);
void ibx_books_end(ibx_books *books);

/* I/O thread: a task is handed out. Any thread: it has ended. */
void ibx_books_hand_out(ibx_books *books);
void ibx_books_ended(ibx_books *books);

/* I/O thread: so much of the budget is in use now. */
void ibx_books_use(ibx_books *books, size_t used);

/* I/O thread: a job goes away. */
void ibx_books_drop(ibx_books *books, const ibx_job *job);

/* Any thread: ibx_job_open, with its processor time booked. */
void ibx_books_open_job(ibx_books *books, ibx_job *job);

/* When the team has ended: hands on the rest of the timeline and fills batch->stats. Books that
 * were not opened or only in part are allowed. `memory` is the budget, `threads` those that
 * compute. */
void ibx_books_close(ibx_books *books, const ibx_batch *batch, size_t memory, int threads);

#endif
