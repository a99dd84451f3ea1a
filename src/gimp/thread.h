/* thread.h - threads for work that computes. They never end: one whose work has ended rests until
 * there is other work.
 *
 * Whoever runs the engine is the root of teams of OpenMP. Under libomp the threads of a team keep
 * blocks of memory that tasks of the root had, to give them back to it some day, even where it has
 * ended (libomp 14 then ends the process, by an assertion in kmp_alloc.cpp or by a crash). So no
 * root ends. */
#ifndef IBX_GIMP_THREAD_H
#define IBX_GIMP_THREAD_H

#include <stdbool.h>

typedef struct ibx_gimp_thread ibx_gimp_thread;

/* Runs work(data) in the thread that came to rest last, or a new one; NULL, with nothing done, if
 * the system gives none. */
ibx_gimp_thread *ibx_gimp_thread_start(void (*work)(void *data), void *data);

/* Waits for the end of the work, but at most so many milliseconds. Has it ended? */
bool ibx_gimp_thread_wait(ibx_gimp_thread *thread, int milliseconds);

/* Waits for the end of the work and lets the thread rest: it is the caller's no longer. */
void ibx_gimp_thread_join(ibx_gimp_thread *thread);

#endif
