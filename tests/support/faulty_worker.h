/* faulty_worker.h - a worker that misbehaves on command, for tests of who must bear it.
 *
 * A test whose main calls faulty_worker when its first argument is `worker` is its own worker: the
 * server starts the program that it is part of. Orders are words in the recipe:
 *
 *   sleep:MS burn:MS    takes that long; uses that much processor time      (RUN)
 *   crash               ends by a signal                                    (RUN)
 *   leave               ends with status 0 without a delivery               (RUN)
 *   last                delivers, then ends by a signal                     (RUN)
 *   lie short none big  a delivery with impossible counts; of another length; that announces a file
 *                       and has none; whose file is larger than allowed     (RUN)
 *   fail starve         a delivery that says no; for want of memory         (RUN)
 *   fat                 says that it is resident with 4 GB                  (RUN)
 *   look-crash look-hang look-fail look-sleep:MS look-burn:MS               (LOOK)
 *   memory:MB side:N    the plan's memory, the output's width               (LOOK)
 *   from:FORMAT         the source's format                                 (LOOK)
 *   talk                says something that nobody asked for, afterwards    (RUN)
 *
 * At its start it obeys the variable IMBREX_WORKER_LOADERS: stillborn (ends), mute (no hello),
 * gibberish (no true hello). */
#ifndef TESTS_FAULTY_WORKER_H
#define TESTS_FAULTY_WORKER_H

int faulty_worker(void); /* the process's exit status */

#endif
