/* upload.h - a request's body on its way into a memory file. */
#ifndef IBX_SERVER_UPLOAD_H
#define IBX_SERVER_UPLOAD_H

#include "server/api/exchange.h"

/* What a POST wants done with its body. */
typedef enum { IBX_UPLOAD_PROCESS, IBX_UPLOAD_SET, IBX_UPLOAD_INFO } ibx_upload_kind;

/* Answers, when the body is complete, with what is made of it: set.c and info.c. `source` and
 * `purse` are taken over. */
void ibx_serve_set(ibx_exchange *x, const char *recipe, const char *outputs, ibx_opened *source,
                   int64_t purse);
void ibx_serve_info(ibx_exchange *x, ibx_opened *source, int64_t purse);

#endif
