/* answer.h - replies: bytes with everything that caches want to know, and problems.
 *
 * Every reply has X-Request-Id, nosniff and a content security policy that allows nothing; header
 * values are made here, never copied from a request. Each function ends the handler's work: call
 * one of them once. */
#ifndef IBX_SERVER_ANSWER_H
#define IBX_SERVER_ANSWER_H

#include "server/api/exchange.h"

/* What makes a reply cacheable and traceable; NULL and 0: left out. */
typedef struct {
    const char *mime;
    const char *etag; /* without quotes; strong */
    time_t modified;
    int64_t max_age_ms;   /* Cache-Control: public, max-age; 0: no-store; less: no-cache */
    bool varies;          /* Vary: Accept */
    const char *download; /* file name for Content-Disposition */
    const char *policy;   /* Content-Security-Policy instead of the strict one */
} ibx_reply;

/* What every reply has. policy: Content-Security-Policy; NULL: one that allows nothing. */
void ibx_answer_common(ibx_exchange *x, const char *policy);

/* Vary: the reply is another for another value of that header of the request. */
void ibx_answer_varies(ibx_exchange *x, const char *header);

/* Takes a header that has been composed here; the value must be plain ASCII. */
void ibx_answer_header(ibx_exchange *x, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* 200 with these bytes, or one part of them (Range), 304 if the client has them (If-None-Match,
 * If-Modified-Since: RFC 9110 section 13), 412 if it wants others (If-Match, If-Unmodified-Since),
 * 416 if the part is behind their end. Takes a reference of the bytes. */
void ibx_answer_bytes(ibx_exchange *x, const ibx_reply *reply, GBytes *bytes);

/* 200 with the bytes (GBytes) of all parts, one behind the other, whatever the client has. Takes
 * references. */
void ibx_answer_parts(ibx_exchange *x, const ibx_reply *reply, GPtrArray *parts);

/* 304 before there are any bytes, if a GET or HEAD names the reply's tag among those that it has.
 * False: nothing was answered. "*" is for ibx_answer_bytes: it asks whether there is anything. */
bool ibx_answer_not_modified(ibx_exchange *x, const ibx_reply *reply);

/* ibx_answer_bytes with a text that is copied. */
void ibx_answer_text(ibx_exchange *x, const ibx_reply *reply, const char *text);

/* 204. */
void ibx_answer_nothing(ibx_exchange *x);

/* A redirection to a path of this server. */
void ibx_answer_see_other(ibx_exchange *x, const char *path);

/* application/problem+json (RFC 9457): {"type": "urn:imbrex:problem:KIND", ...}. `full` gives
 * detail, step, parameter, value and, from its row in the tables, the range; NULL: only the title.
 * With Accept: text/plain one line of text. retry_s above 0: Retry-After. */
void ibx_answer_problem(ibx_exchange *x, int status, const char *kind, const ibx_error *full,
                        int retry_s);

/* The same with a sentence. */
void ibx_answer_no(ibx_exchange *x, int status, const char *kind, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The problem for an error of recipes, images and limits, by its code. */
void ibx_answer_error(ibx_exchange *x, const ibx_error *err);

/* The problem for a source that cannot be had. */
void ibx_answer_source(ibx_exchange *x, const ibx_opened *opened);

#endif
