/* wish.h - what a request wants to be made: a recipe, checked, in its canonical spelling. */
#ifndef IBX_SERVER_WISH_H
#define IBX_SERVER_WISH_H

#include "server/config/settings.h"

typedef struct {
    char *recipe;    /* canonical: equal wishes have equal texts; owned */
    bool automatic;  /* the format was chosen by Accept: replies vary by it */
    char format[16]; /* for `save` steps that leave it open; "": the input's own */
    ibx_keep metadata;
    int outputs; /* files that it makes */
} ibx_wish;

/* Reads a recipe as a stranger may write it: presets (preset:NAME) are put in, steps and length are
 * limited, parameters that name local files are refused. `accept` is the header or NULL. */
bool ibx_wish_make(ibx_wish *wish, const ibx_settings *settings, const char *recipe,
                   const char *accept, ibx_error *err);
void ibx_wish_free(ibx_wish *wish);

/* The first of the names of formats (NULL at the end) whose media type the Accept header (RFC 9110
 * section 12.5.1) names itself, not by a wildcard, with a weight above 0; or NULL. */
const char *ibx_wish_accepted(const char *accept, char *const *formats);

#endif
