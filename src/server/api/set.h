/* set.h - what a request for several outputs names: read from JSON. */
#ifndef IBX_SERVER_SET_H
#define IBX_SERVER_SET_H

#include "server/api/wish.h"

/* One output of a set. */
typedef struct {
    char *name; /* for Content-Disposition; owned */
    ibx_wish wish;
} ibx_set_member;

/* {"outputs": [{"name": "small", "recipe": "resize:100x/save:jpeg"}, ..]}. Names are of 1 to 100
 * bytes, each its own; all recipes together make at most limits.outputs files. Returns how many
 * outputs there are, 0 with an error that names one. Free with ibx_set_free. */
int ibx_set_read(const char *json, const ibx_settings *settings, const char *accept,
                 ibx_set_member **members, ibx_error *err);
void ibx_set_free(ibx_set_member *members, int count);

#endif
