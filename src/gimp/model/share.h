/* share.h - a recipe taken elsewhere: to a terminal, to a server, into a file. */
#ifndef IBX_GIMP_MODEL_SHARE_H
#define IBX_GIMP_MODEL_SHARE_H

#include "imbrex.h"

/* What a recipe is known by: the first 12 hexadecimal digits of the SHA-256 of its canonical
 * spelling (ibx_recipe_print). Equal for all spellings of one recipe. */
typedef struct {
    char text[13];
} ibx_gimp_hash;
ibx_gimp_hash ibx_gimp_recipe_hash(const ibx_recipe *recipe);

/* The canonical spelling of a recipe that does to a file what it does to a layer. Layers stay in
 * their colour space, files become sRGB: where the layer's is another, `own_space`, a step in front
 * keeps the file's, unless the recipe manages colours itself. malloc'd; NULL without memory. */
char *ibx_gimp_recipe_for_file(const ibx_recipe *recipe, bool own_space);

/* "imbrex run RECIPE FILE -o out/" with such a spelling, quoted for a POSIX shell. malloc'd; NULL
 * without memory. */
char *ibx_gimp_command(const char *recipe, const char *file);

/* The address that a server with its standard settings gives the result at, as its page at /ui/
 * copies it. malloc'd; NULL without memory. */
char *ibx_gimp_address(const char *recipe, const char *file);

/* ---- files that were used lately ---------------------------------------------------------------
 */

enum { IBX_GIMP_RECENT = 10 };

/* Names of files, the latest first, NULL at the end. */
typedef struct {
    char *name[IBX_GIMP_RECENT + 1];
} ibx_gimp_recent;

/* Reads the list from the file `path`, one name a line; empty if there is none. Names of files that
 * are gone are left out. */
void ibx_gimp_recent_read(ibx_gimp_recent *recent, const char *path);
void ibx_gimp_recent_free(ibx_gimp_recent *recent);

/* Puts a name in front of the list in the file `path`, which is made with its folder where they are
 * missing. False, with a sentence, where it cannot be written. */
bool ibx_gimp_recent_add(const char *path, const char *name, ibx_error *err);

#endif
