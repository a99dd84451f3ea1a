/* stream.c - the objects that libsoup sees: a stream of two pollable halves over a connection. */
#include "server/net/stream.h"
#include "server/net/connection.h"

typedef struct {
    GInputStream parent;
    ibx_connection *connection;
} IbxInput;

typedef struct {
    GOutputStream parent;
    ibx_connection *connection;
} IbxOutput;

typedef struct {
    GIOStream parent;
    ibx_connection *connection;
    IbxInput *in;
    IbxOutput *out;
} IbxStream;

typedef GInputStreamClass IbxInputClass;
typedef GOutputStreamClass IbxOutputClass;
typedef GIOStreamClass IbxStreamClass;

GType ibx_input_get_type(void);
GType ibx_output_get_type(void);
GType ibx_stream_get_type(void);

static void poll_input(GPollableInputStreamInterface *interface);
static void poll_output(GPollableOutputStreamInterface *interface);

G_DEFINE_TYPE_WITH_CODE(IbxInput, ibx_input, G_TYPE_INPUT_STREAM,
                        G_IMPLEMENT_INTERFACE(G_TYPE_POLLABLE_INPUT_STREAM, poll_input))
G_DEFINE_TYPE_WITH_CODE(IbxOutput, ibx_output, G_TYPE_OUTPUT_STREAM,
                        G_IMPLEMENT_INTERFACE(G_TYPE_POLLABLE_OUTPUT_STREAM, poll_output))
G_DEFINE_TYPE(IbxStream, ibx_stream, G_TYPE_IO_STREAM)

#define INPUT(object) (((IbxInput *)(object))->connection)
#define OUTPUT(object) (((IbxOutput *)(object))->connection)
#define STREAM(object) ((IbxStream *)(object))

/* ---- reading ------------------------------------------------------------------------------- */

static gssize read_blocking(GInputStream *stream, void *to, gsize count, GCancellable *cancellable,
                            GError **error) {
    return ibx_connection_read(INPUT(stream), to, count, true, cancellable, error);
}

static gssize read_now(GPollableInputStream *stream, void *to, gsize count, GError **error) {
    return ibx_connection_read(INPUT(stream), to, count, false, NULL, error);
}

static gboolean is_readable(GPollableInputStream *stream) {
    return ibx_connection_readable(INPUT(stream));
}

static GSource *wait_read(GPollableInputStream *stream, GCancellable *cancellable) {
    return ibx_connection_wait_read(INPUT(stream), G_OBJECT(stream), cancellable);
}

static void poll_input(GPollableInputStreamInterface *interface) {
    interface->is_readable = is_readable;
    interface->create_source = wait_read;
    interface->read_nonblocking = read_now;
}

static void finalize_input(GObject *object) {
    ibx_connection_unref(INPUT(object));
    G_OBJECT_CLASS(ibx_input_parent_class)->finalize(object);
}

static void ibx_input_class_init(IbxInputClass *class) {
    G_OBJECT_CLASS(class)->finalize = finalize_input;
    class->read_fn = read_blocking;
}

static void ibx_input_init(IbxInput *input) {
    (void)input;
}

/* ---- writing ------------------------------------------------------------------------------- */

static gssize write_blocking(GOutputStream *stream, const void *data, gsize count,
                             GCancellable *cancellable, GError **error) {
    return ibx_connection_write(OUTPUT(stream), data, count, true, cancellable, error);
}

static gssize write_now(GPollableOutputStream *stream, const void *data, gsize count,
                        GError **error) {
    return ibx_connection_write(OUTPUT(stream), data, count, false, NULL, error);
}

static gboolean is_writable(GPollableOutputStream *stream) {
    return OUTPUT(stream)->ended || g_pollable_output_stream_is_writable(OUTPUT(stream)->out);
}

static GSource *wait_write(GPollableOutputStream *stream, GCancellable *cancellable) {
    return ibx_connection_wait_write(OUTPUT(stream), G_OBJECT(stream), cancellable);
}

static void poll_output(GPollableOutputStreamInterface *interface) {
    interface->is_writable = is_writable;
    interface->create_source = wait_write;
    interface->write_nonblocking = write_now;
}

static void finalize_output(GObject *object) {
    ibx_connection_unref(OUTPUT(object));
    G_OBJECT_CLASS(ibx_output_parent_class)->finalize(object);
}

static void ibx_output_class_init(IbxOutputClass *class) {
    G_OBJECT_CLASS(class)->finalize = finalize_output;
    class->write_fn = write_blocking;
}

static void ibx_output_init(IbxOutput *output) {
    (void)output;
}

/* ---- both ---------------------------------------------------------------------------------- */

static GInputStream *input_of(GIOStream *stream) {
    return G_INPUT_STREAM(STREAM(stream)->in);
}

static GOutputStream *output_of(GIOStream *stream) {
    return G_OUTPUT_STREAM(STREAM(stream)->out);
}

static gboolean close_both(GIOStream *stream, GCancellable *cancellable, GError **error) {
    (void)cancellable, (void)error;
    ibx_connection_close(STREAM(stream)->connection);
    return TRUE;
}

static void finalize_stream(GObject *object) {
    IbxStream *s = STREAM(object);
    g_object_unref(s->in);
    g_object_unref(s->out);
    ibx_connection_unref(s->connection);
    G_OBJECT_CLASS(ibx_stream_parent_class)->finalize(object);
}

static void ibx_stream_class_init(IbxStreamClass *class) {
    G_OBJECT_CLASS(class)->finalize = finalize_stream;
    class->get_input_stream = input_of;
    class->get_output_stream = output_of;
    class->close_fn = close_both;
}

static void ibx_stream_init(IbxStream *stream) {
    (void)stream;
}

GIOStream *ibx_stream_new(GIOStream *base, const ibx_settings *settings, ibx_metrics *metrics,
                          const ibx_stream_events *events) {
    IbxStream *s = g_object_new(ibx_stream_get_type(), NULL);
    s->connection = ibx_connection_new(base, settings, metrics, events);
    s->in = g_object_new(ibx_input_get_type(), NULL);
    s->in->connection = ibx_connection_ref(s->connection);
    s->out = g_object_new(ibx_output_get_type(), NULL);
    s->out->connection = ibx_connection_ref(s->connection);
    return G_IO_STREAM(s);
}

void ibx_stream_on_gone(GIOStream *stream, void (*gone)(void *user), void *user) {
    STREAM(stream)->connection->gone = gone;
    STREAM(stream)->connection->gone_user = user;
}

void ibx_stream_answer(GIOStream *stream, const void *reply, size_t size) {
    ibx_connection_answer(STREAM(stream)->connection, reply, size);
}

int64_t ibx_stream_owed(GIOStream *stream) {
    return ibx_guard_owed(&STREAM(stream)->connection->guard);
}

bool ibx_stream_is_last(GIOStream *stream) {
    const ibx_guard *guard = &STREAM(stream)->connection->guard;
    return guard->last || guard->phase == IBX_GUARD_EXPECT;
}

bool ibx_stream_is_first(GIOStream *stream) {
    return STREAM(stream)->connection->guard.requests == 1;
}

const char *ibx_stream_target(GIOStream *stream) {
    return STREAM(stream)->connection->guard.target;
}

static const char KEY[] = "ibx-stream";

void ibx_stream_set_remote(GIOStream *stream, GSocketAddress *remote) {
    g_object_set_data_full(G_OBJECT(remote), KEY, g_object_ref(stream), g_object_unref);
}

GIOStream *ibx_stream_of(GSocketAddress *remote) {
    return remote ? g_object_get_data(G_OBJECT(remote), KEY) : NULL;
}
