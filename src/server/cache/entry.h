/* entry.h - one entry of the cache as a file: written, checked, read.
 *
 *   offset  bytes
 *        0      8  "ibxcache"
 *        8      4  version, 1
 *       12      4  CRC-32 (ISO 3309) of the whole file, with these four bytes as 0
 *       16      8  bytes of the body
 *       24      4  bytes of the meta text, its final 0 included
 *       28      4  0
 *       32     64  the key, so that a file under a wrong name is found out
 *       96         meta text, body
 *
 * Numbers in the machine's order: the folder is of one machine. Paths are relative to `root`, a
 * descriptor of the folder. */
#ifndef IBX_SERVER_ENTRY_H
#define IBX_SERVER_ENTRY_H

#include "server/cache/cache.h"

enum { IBX_KEY_DIGITS = 64, IBX_ENTRY_PATH = IBX_KEY_DIGITS + 8, IBX_ENTRY_BLOCK = 4096 };

typedef enum {
    IBX_ENTRY_READ,
    IBX_ENTRY_GONE,      /* no file of that name */
    IBX_ENTRY_CORRUPT,   /* not what was written, or not under this key */
    IBX_ENTRY_UNREADABLE /* the system refused: errno */
} ibx_entry_state;

/* 64 lower-case hexadecimal digits? */
bool ibx_entry_is_key(const char *text);

/* "ab/cd/KEY" */
void ibx_entry_path(const char *key, char path[IBX_ENTRY_PATH]);

/* What a file of `size` bytes takes of the disk. */
int64_t ibx_entry_blocks(int64_t size);
int64_t ibx_entry_size(const char *meta, int64_t size); /* of the file */

/* By what a file is known that was found whole: as long as these are the same, so are its bytes.
 * All 0: no file. */
typedef struct {
    uint64_t inode;
    int64_t size, modified, changed; /* times in nanoseconds since 1970 */
} ibx_entry_stamp;

/* The header is always checked, the sum of all bytes unless the file is still as `stamp` says,
 * which is told anew. touch: gives the file the present time, which the next scan orders entries
 * by. */
ibx_entry_state ibx_entry_read(int root, const char *key, bool touch, ibx_entry_stamp *stamp,
                               ibx_cached *found);

/* False with errno; nothing is left behind then. Any thread. */
bool ibx_entry_write(int root, const char *key, const char *meta, GBytes *body,
                     ibx_entry_stamp *stamp);

/* ---- all entries (scan.c) ---------------------------------------------------------------------
 */

/* Calls `each` for every file that is named as an entry, in any order; `used` in nanoseconds since
 * 1970. Removes what a server that
 * crashed left behind half-written more than an hour ago. False with errno if the folder itself
 * cannot be read. */
typedef void ibx_on_entry(void *user, const char *key, int64_t size, int64_t used);
bool ibx_entry_scan(int root, ibx_on_entry *each, void *user);

/* The name of a file that is being written where O_TMPFILE is not to be had: "KEY.tmp-..." */
#define IBX_ENTRY_DRAFT ".tmp-"

#endif
