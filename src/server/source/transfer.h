/* transfer.h - one GET of one address, by libcurl.
 *
 * Nothing is sent that was not meant: no proxy, cookie, password of ~/.netrc, header of a client
 * but for the trace that it is part of; nothing is decompressed. The address that is really
 * connected to passes ibx_address_public. Redirections are not followed but told. */
#ifndef IBX_SERVER_TRANSFER_H
#define IBX_SERVER_TRANSFER_H

#include "server/source/origin.h"
#include <stdatomic.h>

typedef struct {
    const ibx_origins *origins;
    CURLU *url;
    const char *sigv4, *key_id, *secret; /* sigv4 NULL: not signed */
    const char *traceparent;             /* NULL or "": none */
    int64_t deadline;                    /* g_get_monotonic_time */
    const atomic_bool *cancelled;
    ibx_upload *upload; /* gets the body of a reply of status 200, of no other */
} ibx_transfer;

typedef struct {
    ibx_source_status status;
    char *redirect;   /* where the reply points to instead, an address; status is FAILED. g_free */
    time_t modified;  /* 0: not known */
    int64_t fresh_ms; /* as ibx_fresh_ms has it */
} ibx_transferred;

/* Blocks, for use in a thread of its own. */
ibx_transferred ibx_transfer_get(const ibx_transfer *transfer);

/* The sentence for a status, for whoever asked. */
const char *ibx_transfer_sentence(ibx_source_status status);

#endif
