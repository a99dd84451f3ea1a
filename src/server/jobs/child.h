/* child.h - one worker process: started, heard, ended.
 *
 * It is this program (/proc/self/exe) with the argument `worker` and one end of a SOCK_SEQPACKET
 * pair as descriptor 3; of the other descriptors it has standard error alone, of the signals none
 * blocked or ignored. It is in a process group of its own, so that a Ctrl-C at the terminal ends
 * the server as the server wishes. When the server ends in whatever way, the socket closes, and
 * the worker with it. Its end is noticed by a pidfd, and it is reaped then. */
#ifndef IBX_SERVER_CHILD_H
#define IBX_SERVER_CHILD_H

#include "server/jobs/wire.h"
#include <glib.h>

typedef struct ibx_child ibx_child;

/* From the main loop; neither comes once ibx_child_end was called. */
typedef struct {
    void (*heard)(void *user); /* the socket has a message, or was closed */
    void (*gone)(void *user);  /* it is reaped; the socket may still hold a last message */
} ibx_child_events;

/* NULL with the system's reason. `events` must outlive it. */
ibx_child *ibx_child_start(char **environment, const ibx_child_events *events, void *user,
                           ibx_error *err);

/* Does not block; owned by the process. */
int ibx_child_socket(const ibx_child *child);

/* Milliseconds of processor time of all its threads; what was last known, once it is gone. */
double ibx_child_cpu(ibx_child *child);

/* Closes the socket, at which a worker ends. With `now`, or if it does not end within 2 s, it is
 * killed. Until it is reaped it lies in `ending`, and frees itself then. */
void ibx_child_end(ibx_child *child, bool now, GQueue *ending);

/* Kills all that are still in there, and waits until they are reaped. */
void ibx_children_kill(GQueue *ending);

#endif
