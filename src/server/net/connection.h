/* connection.h - a socket, its guard and its clock: what the three objects of a guarded stream
 * share.
 *
 * All of it belongs to the thread whose main context it was made in, but for blocking writes:
 * libsoup ends a chunked reply from a thread of its own, while it leaves the rest alone. */
#ifndef IBX_SERVER_CONNECTION_H
#define IBX_SERVER_CONNECTION_H

#include "server/admin/metrics.h"
#include "server/net/guard.h"
#include "server/net/stream.h"
#include <gio/gio.h>
#include <stdatomic.h>

typedef struct {
    GIOStream *base;
    GSocket *socket; /* of base, as are: */
    GPollableInputStream *in;
    GPollableOutputStream *out;
    ibx_metrics *metrics;
    ibx_stream_events events;
    void (*gone)(void *user); /* of the present request, or NULL */
    void *gone_user;
    int64_t looked; /* when it was last seen whether the client is still there */
    ibx_guard guard;
    GSource *timer, *reader, *writer; /* the latest that wait for this stream, or NULL */
    _Atomic int64_t armed;            /* when the timer is due; INT64_MAX: never */
    _Atomic int64_t stalled; /* a write finds no room, and nothing goes since then; 0: it does */
    _Atomic int64_t sampled; /* while it is stalled: when that was looked at */
    _Atomic int queued;      /* and how many bytes were not acknowledged then */
    atomic_bool ended;       /* nothing is read or written any more */
    size_t taken;            /* bytes that libsoup has read in this turn of the loop */
    bool told;               /* libsoup knows that it has ended */
    bool silent;             /* the client has ended its side */
    bool broken;             /* nobody is there to hear the rest, or shall */
    bool left;               /* the base is closed or about to be */
} ibx_connection;

/* Counts references, as the sub-streams may outlive the stream. */
ibx_connection *ibx_connection_new(GIOStream *base, const ibx_settings *settings,
                                   ibx_metrics *metrics, const ibx_stream_events *events);
ibx_connection *ibx_connection_ref(ibx_connection *connection);
void ibx_connection_unref(ibx_connection *connection);

/* As g_pollable_stream_read and g_pollable_stream_write. */
gssize ibx_connection_read(ibx_connection *connection, void *to, size_t count, bool blocking,
                           GCancellable *cancellable, GError **error);
gssize ibx_connection_write(ibx_connection *connection, const void *data, size_t count,
                            bool blocking, GCancellable *cancellable, GError **error);

bool ibx_connection_readable(ibx_connection *connection);
GSource *ibx_connection_wait_read(ibx_connection *connection, GObject *stream,
                                  GCancellable *cancellable);
GSource *ibx_connection_wait_write(ibx_connection *connection, GObject *stream,
                                   GCancellable *cancellable);

/* Writes a whole reply, as far as there is room for it, and ends the connection gently, whatever of
 * the request has not been read. */
void ibx_connection_answer(ibx_connection *connection, const void *data, size_t size);

/* Ends it, at once or gently; again: nothing. */
void ibx_connection_close(ibx_connection *connection);

#endif
