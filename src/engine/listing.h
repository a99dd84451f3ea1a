/* listing.h - which files a batch reads.
 *
 * A directory among the inputs is walked: all sub-folders, names in byte order, so that every run
 * sees the same list. Taken are regular files whose suffix is one of an image; hidden files and
 * folders are passed over, and so is the batch's output directory where it lies inside. Symbolic
 * links are followed; a folder reached through one is entered only once, so loops end.
 * A file that is named as an input is always taken, whatever its suffix.
 *
 * include and exclude hold for both (engine/glob.h): they look at the path below the directory that
 * was given, or at the base name of a file that was named. A folder that is excluded is not
 * entered. include narrows; it never adds a file whose suffix is unknown.
 *
 * What cannot be read (a folder without permission, a dangling link, an input that does not exist
 * beside others that do) becomes an entry with an `error`, so that the batch reports it as failed
 * and does the rest. */
#ifndef IBX_ENGINE_LISTING_H
#define IBX_ENGINE_LISTING_H

#include "imbrex.h"

/* One input file. The four texts lie in one block that belongs to the listing. */
typedef struct {
    char *path;   /* to open; "-" is standard input */
    char *dir;    /* sub-folder below the input directory: "" or "a/b/" */
    char *stem;   /* base name without its suffix; standard input: "stdin" */
    char *suffix; /* ".jpg" as spelled, or "" */
    int error;    /* 0, or errno: why this could not be read */
} ibx_entry;

typedef struct {
    ibx_entry *entries;
    size_t count; /* at least 1 after success */
    size_t room;
} ibx_listing;

/* Lists the inputs of a batch in their order. False with IBX_FORMAT if none of them exists or
 * if there is no image at all (the sentence names the inputs), with IBX_USAGE for a bad glob.
 * *listing is overwritten; free it with ibx_listing_free in either case. */
bool ibx_listing_make(const ibx_batch *batch, ibx_listing *listing, ibx_error *err);
void ibx_listing_free(ibx_listing *listing);

#endif
