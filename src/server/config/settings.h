/* settings.h - every setting of the server, from a file, the environment or the command line.
 *
 * The rows in rows.c are the only place where a setting is spelled: its section and key in the
 * file, its variable IMBREX_SECTION_KEY, its option --section-key (the section `server` is left out
 * of both), its range, default and help. Keys are the names of the members below. Later sources
 * win: file, environment, options; a list replaces that of the source before. An unknown key or a
 * value out of range is an error that names file and line, variable or option.
 *
 * The file has sections "[limits]", lines "memory = 2G" and comments, which are lines that begin
 * with # or ;. Lines in front of the first section belong to `server`. A list may be given in
 * several lines, anything else once. Blanks around a value do not count; in "quotes" they do. */
#ifndef IBX_SERVER_SETTINGS_H
#define IBX_SERVER_SETTINGS_H

#include "imbrex.h"

typedef enum { IBX_SANDBOX_PREFER, IBX_SANDBOX_REQUIRE, IBX_SANDBOX_OFF } ibx_sandbox_mode;

typedef enum { IBX_UNSIGNED_AUTO, IBX_UNSIGNED_YES, IBX_UNSIGNED_NO } ibx_unsigned;

/* Words separated by blanks, commas or (in files) given as several lines; NULL at the end, and
 * never NULL itself. Presets and buckets hold blanks or commas themselves: one per line or option.
 */
typedef char **ibx_word_list;

/* Bytes are powers of 1024, pixels of 1000; times are in milliseconds (spelled "10s", "300ms";
 * units ms s min h d). Texts are owned; "" where nothing was said. */
typedef struct {
    struct {
        ibx_word_list listen; /* "127.0.0.1:8080", "[::1]:8080", "unix:/run/imbrex.sock" */
        char *admin;          /* the same, for health and metrics; "off" */
        bool admin_public;    /* it may be an address beyond this machine */
        char *root;           /* folder whose files are served; "": none */
        char *origin;         /* "https://img.example.org": how clients reach it; "": as they say */
        ibx_word_list cors;   /* origins that may read replies; "*" */
        bool ui;              /* offer the page at /ui/ */
        int64_t drain;        /* ms for requests under way after SIGTERM */
    } server;
    struct {
        ibx_word_list keys;       /* "id:hex" of signing keys; the first signs */
        char *keys_file;          /* the same, one per line */
        ibx_unsigned unsigned_ok; /* accept "-" as signature; see ibx_settings_unsigned */
        char *token;              /* bearer token that POST wants; "": none (loopback only) */
        char *token_file;
    } auth;
    struct {
        int connections, connections_per_client;
        double requests_per_second; /* and client address; 0: any */
        int burst;
        int64_t header_ms, header_bytes;
        int64_t body_ms, body_rate; /* in all; bytes per second after 5 s of grace */
        int64_t write_ms;           /* in which a client may take nothing of its reply */
        int64_t idle_ms;            /* between requests of a connection */
        int requests;               /* per connection */
        int64_t source_bytes;       /* of uploads and remote sources */
        int64_t inflight_bytes;     /* of all of them together */
        int64_t pixels;             /* of an input */
        int64_t output_side, output_pixels, output_bytes;
        int64_t job_bytes;            /* of memory that the plan of one image may need */
        int64_t memory;               /* of all jobs together */
        int64_t deadline;             /* ms from a job's start */
        int64_t cpu;                  /* ms of processor time of a job */
        int64_t queue_ms;             /* predicted wait above which a request is refused */
        int queue_light, queue_heavy; /* jobs that wait, per worker */
        int64_t heavy_bytes;          /* jobs of which the plan needs more are heavy */
        int steps, recipe_bytes;      /* of a recipe */
        int outputs;                  /* of one upload */
    } limits;
    struct {
        int count;   /* 0: as many as processors */
        int threads; /* of each; 0: processors / count, at least 1 */
        int jobs;    /* after which one is replaced */
        int64_t rss; /* resident bytes after which one is replaced */
        ibx_sandbox_mode sandbox;
        ibx_word_list allow_loaders; /* see ibx_batch */
    } worker;
    struct {
        ibx_word_list
            allow; /* hosts of remote sources, "img.example.org" or "*.example.org"; none */
        ibx_word_list ports;    /* 80 443 */
        ibx_word_list networks; /* CIDRs that would be refused, but are allowed */
        int64_t connect_ms, total_ms;
        int redirects, fetches; /* at a time */
        int64_t fresh_ms; /* a source that says nothing of its freshness is asked for again after */
    } remote;
    struct {
        ibx_word_list buckets; /* "alias=https://host/bucket region" pairs, see remote.h */
        char *key_id, *secret, *secret_file;
    } s3;
    struct {
        char *folder; /* "": no cache */
        int64_t size;
        int64_t max_age;          /* ms, told to clients */
        int64_t max_age_unsigned; /* the same for addresses without signature */
    } cache;
    struct {
        ibx_word_list presets;   /* "name=recipe": steps that requests may name as preset:name */
        ibx_word_list automatic; /* formats for save:auto: the first that Accept names itself */
        ibx_keep metadata;       /* what results keep of their source's */
    } recipes;
    struct {
        char *file;      /* "-": standard error; "off" */
        int64_t slow_ms; /* a request that takes as long is kept for /debug/slow */
    } log;
    struct {              /* what the command line asks for instead of serving; options only */
        bool check;       /* --check-config: read, check, and end */
        bool print;       /* --print-config: ibx_settings_print, and end */
        bool help;        /* --help: nothing but the options was read then */
        const char *file; /* --config FILE, or the file that ibx_settings_read was given; NULL.
                             Borrowed. For SIGHUP: call ibx_settings_read again with both */
    } command;
    bool exposed;   /* others than this machine can connect: by server.listen or by sockets that
                       systemd has opened. Found out by ibx_settings_read, before a listener takes
                       these over; ibx_settings_reload leaves it alone */
    int processors; /* that the server may keep busy, by affinity and cgroup; found out likewise */
} ibx_settings;

/* Defaults, then the file (NULL: none; --config FILE among the options wins), the environment, the
 * options argv[0..argc-1], which are all that stands behind the command, and what keys_file,
 * token_file and secret_file hold (a secret must not be given both ways). Variables that begin with
 * IMBREX_ must be settings; only IMBREX_CPU, _DATA, _MODULE..., and what _WORKER... is no slip of a
 * setting are others' business. False with IBX_USAGE, IBX_IO or IBX_MEMORY; *settings is empty
 * then. Free with ibx_settings_free. */
bool ibx_settings_read(ibx_settings *settings, const char *file, int argc, char **argv,
                       ibx_error *err);
void ibx_settings_free(ibx_settings *settings); /* twice is allowed */

/* Is "-" accepted as signature? As auth.unsigned_ok says; "auto" is yes where there are no keys and
 * everybody who can connect is on this machine (not `exposed`). */
bool ibx_settings_unsigned(const ibx_settings *settings);

/* What the settings must be as a whole: whoever listens beyond this machine (by server.listen or by
 * sockets of systemd) has keys and a token, or says unsigned_ok = yes; the admin's address is of
 * this machine alone, or admin_public is said; addresses can be read, the root is a folder, presets
 * are recipes that name no files; keys, formats, hosts, networks, buckets and origins are such.
 * Fails closed, with a sentence that says what to do. */
bool ibx_settings_check(const ibx_settings *settings, ibx_error *err);

/* Prints them as a file that gives the same settings; secrets as a comment, "(hidden)". */
void ibx_settings_print(const ibx_settings *settings, FILE *out);

/* Prints the help of `imbrex serve`: every option with range and default, by section. */
void ibx_settings_help(FILE *out);

/* What SIGHUP may change: keys, token, presets, limits, allow-lists. Exchanges these between
 * `settings` and `fresh`, which is to be freed as before; the rest keeps its value, and a line for
 * each that would have changed goes to `left` (may be NULL). Where what comes out would not pass
 * ibx_settings_check (keys gone, but the old public address still listens), nothing changes, `left`
 * gets that sentence, and the result is false. */
bool ibx_settings_reload(ibx_settings *settings, ibx_settings *fresh, FILE *left);

#endif
