/* glob.h - the patterns of --include and --exclude.
 *
 *   IMG_*    no slash: matches the base name, at any depth
 *   raw/IMG* with a slash: matches the whole path below the directory
 *   **       as a whole component: any number of folders, also none
 *   raw/     a slash at the end: matches folders only
 *
 * Within a component "*", "?" and "[a-z]" work as in a shell; names are compared as bytes. */
#ifndef IBX_ENGINE_GLOB_H
#define IBX_ENGINE_GLOB_H

#include "filter.h"

typedef struct ibx_globs ibx_globs;

/* Prepares a NULL-terminated list of patterns (NULL: none). NULL with IBX_USAGE for an empty
 * pattern, with IBX_MEMORY without memory. */
ibx_globs *ibx_globs_new(const char *const *patterns, ibx_error *err);
void ibx_globs_free(ibx_globs *globs); /* NULL is allowed */

/* Is there any pattern at all? */
bool ibx_globs_any(const ibx_globs *globs);

/* Does a path, relative and without a slash at its end, match one of the patterns? */
bool ibx_globs_match(const ibx_globs *globs, const char *path, bool folder);

#endif
