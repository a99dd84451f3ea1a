/* wire.h - what front and worker say to each other: one order, one delivery, over SOCK_SEQPACKET.
 *
 * Both ends are the same program, so structs travel as they are. The front trusts no delivery
 * (delivery.c): texts are ended and cleaned, counts and sizes checked, descriptors taken only as
 * many as announced. File contents travel as descriptors (SCM_RIGHTS): the source open for reading,
 * results as sealed memory files. */
#ifndef IBX_SERVER_WIRE_H
#define IBX_SERVER_WIRE_H

#include "imbrex.h"

enum {
    IBX_WIRE_SOURCE = 80,
    IBX_WIRE_OUTPUTS = 32,
    IBX_WIRE_RECIPE = 16384,
    IBX_WIRE_LOADERS = 512,
    IBX_WIRE_FILTERS = 128
};

typedef enum {
    IBX_ORDER_LOOK, /* header, plan and what the recipe would cost; decodes no pixel */
    IBX_ORDER_RUN
} ibx_order_kind;

/* Texts end with 0. */
typedef struct {
    ibx_order_kind kind;
    int threads;
    ibx_keep metadata;
    int64_t memory;                                   /* budget of the plan; bytes */
    int64_t max_pixels;                               /* of the input */
    int64_t output_side, output_pixels, output_bytes; /* larger results are refused, IBX_LIMIT */
    char name[256];                                   /* of the source, for error sentences */
    char source[IBX_WIRE_SOURCE]; /* its identity, for the front's own use; "": not known */
    char format[16];              /* for `save` steps that leave it open; "": the input's own */
    char recipe[IBX_WIRE_RECIPE]; /* LOOK: may be "": header only */
} ibx_order;

/* One result. LOOK: as it would be, bytes 0. */
typedef struct {
    char format[16];
    char name[80]; /* what `save:name=` says, or "" */
    int w, h;
    int64_t bytes;
} ibx_made;

typedef struct {
    ibx_error error; /* code IBX_OK: done */
    ibx_about about; /* of the source, as far as it was understood */
    bool known;      /* `about` is filled */
    int outputs;     /* RUN: as many descriptors travel with it */
    ibx_made output[IBX_WIRE_OUTPUTS];
    int64_t memory;                  /* bytes that the plan needs */
    double megapixels;               /* decoded, filtered and encoded, one time each */
    ibx_times times;                 /* milliseconds */
    double filter[IBX_WIRE_FILTERS]; /* of times.filter those of filters, in the order of the table;
                                        what is behind the last place is left out */
    double cpu;  /* milliseconds of processor time of the worker for this order */
    int64_t rss; /* resident bytes of the worker now */
} ibx_delivery;

/* A worker says this once, when it is ready: what keeps it in. */
typedef struct {
    uint32_t magic;   /* IBX_WIRE_MAGIC */
    int landlock_abi; /* 0: none */
    bool seccomp;
} ibx_hello;
#define IBX_WIRE_MAGIC 0x31584249u

/* Each sends one message, waiting if it must, or takes one. False with errno text at a failure, and
 * with IBX_IO "ended" when the other side is gone. */
bool ibx_wire_send_hello(int socket, const ibx_hello *hello, ibx_error *err);
bool ibx_wire_take_hello(int socket, ibx_hello *hello, ibx_error *err);
bool ibx_wire_send_order(int socket, const ibx_order *order, int source, ibx_error *err);
bool ibx_wire_take_order(int socket, ibx_order *order, int *source, ibx_error *err);
bool ibx_wire_send_delivery(int socket, const ibx_delivery *delivery, const int *fds,
                            ibx_error *err);

/* A message of exactly that size with the descriptors that came with it, owned, close-on-exec.
 * Returns how many, or -1: then there are none. */
int ibx_wire_take(int socket, void *data, size_t size, int fds[IBX_WIRE_OUTPUTS], ibx_error *err);

/* fds gets delivery->outputs descriptors (or none, all -1, if it is of LOOK), owned,
 * close-on-exec, checked to be sealed memory files of the announced sizes; on failure none.
 * Texts are valid UTF-8 without control characters: what is neither has become "?". Times are
 * numbers, and not below 0. IBX_BUG: it breaks the rules. */
bool ibx_wire_take_delivery(int socket, ibx_delivery *delivery, int fds[IBX_WIRE_OUTPUTS],
                            ibx_error *err);

#endif
