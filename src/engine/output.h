/* output.h - one output file on its way from an encoder to the disk.
 *
 * The encoder fills chunks; the I/O thread writes full ones into a file with a temporary name in
 * the destination folder, and renames it when everything has succeeded. So a file under its final
 * name is always complete, and a large one never stands in memory as a whole. */
#ifndef IBX_ENGINE_OUTPUT_H
#define IBX_ENGINE_OUTPUT_H

#include "codec/stream.h"
#include "engine/desk.h"
#include "engine/input.h"

typedef struct ibx_piece {
    struct ibx_piece *next;
    size_t size;
    uint8_t data[];
} ibx_piece;

typedef struct {
    ibx_sink sink; /* what the encoder sees */
    ibx_desk *desk;
    char *path;      /* final name, owned; "-": standard output */
    char *temporary; /* while it exists; owned */
    int fd;
    bool replace;       /* may take the place of an existing file */
    ibx_piece *current; /* being filled by the encoder */
    size_t room;
    int64_t bytes; /* so far */
    double write_ms;
    double wait_ms; /* spent by encoders, waiting for the I/O thread */
    /* Under the desk's lock: */
    ibx_piece *head, **tail; /* to be written */
    atomic_int waiting;      /* how many; may be looked at without it */
    ibx_error failure;       /* of the I/O thread; code IBX_OK: none */
    pthread_cond_t less;
} ibx_outfile;

/* Makes a folder and those above it, where they are missing. False with errno. */
bool ibx_make_folders(const char *path);

/* `path` is taken over. */
void ibx_outfile_open(ibx_outfile *out, ibx_desk *desk, char *path, bool replace);

/* The encoder is done: hands over the last piece. */
void ibx_outfile_flush(ibx_outfile *out);

/* I/O thread: writes what is there (for standard output nothing before commit). Returns whether
 * there was anything. Failures are kept. */
bool ibx_outfile_write(ibx_outfile *out);

/* I/O thread: the encoder has flushed, and the image has succeeded. The same for what is left, to
 * standard output too. */
bool ibx_outfile_write_rest(ibx_outfile *out);

/* I/O thread: the rest is written; gives the file its final name. With
 * `mtime` also the input's modification time. A file that takes the place of another is first made
 * durable. */
bool ibx_outfile_commit(ibx_outfile *out, const ibx_input *mtime, ibx_error *err);

/* I/O thread: frees everything; without commit no trace is left on the disk. */
void ibx_outfile_close(ibx_outfile *out);

#endif
