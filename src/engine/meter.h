/* meter.h - accounts of processor time: which step, which codec.
 *
 * Each thread has a meter of its own. The clock of a thread's processor time is a system call, too
 * slow to be read after every kernel of a tile. So the passes of a task are timed by the wall
 * clock, and the processor time of the whole task is divided among them in the same ratio: the
 * accounts add up to exactly what the batch says of filters. Where no accounts are kept the meter
 * is NULL, and all that its calls do is to test the pointer. */
#ifndef IBX_ENGINE_METER_H
#define IBX_ENGINE_METER_H

#include "imbrex.h"

typedef struct {
    ibx_cost cost;
    int64_t lap; /* ns of wall clock in the task under way */
} ibx_account;

typedef struct {
    _Alignas(64) ibx_account *account; /* threads write to lines of their own */
    size_t accounts, room;
    int64_t since; /* ns; when the last lap ended */
} ibx_meter;

/* Nanoseconds of processor time that this thread has used, and the whole process. */
int64_t ibx_thread_ns(void);
int64_t ibx_process_ns(void);

/* One for each of `threads`, NULL without memory. */
ibx_meter *ibx_meters_new(int threads);

/* Adds the accounts of all meters up in the order that ibx_stats promises, and frees the meters.
 * NULL is allowed. */
void ibx_meters_end(ibx_meter *meter, int threads, ibx_stats *stats);

/* Use those below. An account is named by the fields of `cost` but the sums. */
void ibx_meter_start(ibx_meter *meter);
void ibx_meter_count(ibx_meter *meter, const ibx_cost *cost, double pixels);
void ibx_meter_divide(ibx_meter *meter, int64_t cpu_ns);

/* A task begins that is timed in laps. */
static inline void ibx_meter_begin(ibx_meter *meter) {
    if (meter) ibx_meter_start(meter);
}

/* What was done since the lap before was this, to so many pixels of the image. */
static inline void ibx_meter_lap(ibx_meter *meter, ibx_cost cost, double pixels) {
    if (meter) ibx_meter_count(meter, &cost, pixels);
}

/* The task has ended; it took so much processor time. */
static inline void ibx_meter_end(ibx_meter *meter, int64_t cpu_ns) {
    if (meter) ibx_meter_divide(meter, cpu_ns);
}

/* A task that was one thing. */
void ibx_meter_add(ibx_meter *meter, ibx_cost cost, int64_t cpu_ns, double pixels);

#endif
