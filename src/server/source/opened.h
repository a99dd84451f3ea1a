/* opened.h - how the parts of this folder fill an ibx_opened. */
#ifndef IBX_SERVER_OPENED_H
#define IBX_SERVER_OPENED_H

#include "server/source/source.h"

/* Empties it and says why there is no source. `sentence` is shown to whoever asked. */
void ibx_opened_refuse(ibx_opened *opened, ibx_source_status status, const char *sentence, ...)
    __attribute__((format(printf, 3, 4)));

/* The last part of a path; cut to whole characters, empty if it is no UTF-8. */
void ibx_opened_name(ibx_opened *opened, const char *path);

/* The code that goes with a status. */
ibx_code ibx_source_code(ibx_source_status status);

#endif
