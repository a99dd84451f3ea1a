/* vips_fail.c - what libvips and the libraries below it say of a file, in words of our own.
 *
 * Their sentences are written for programmers, tell sizes of buffers, and might tell paths. So what
 * went wrong and what to do about it is said here, by the words that theirs have in common, and of
 * theirs no more is kept than somebody needs to look for the reason. */
#include "codec/vips.h"
#include <ctype.h>

enum { LONGEST = 80 /* of a cause */ };

/* Length of the domain that libvips puts in front of a line: "tiff2vips: bad file". */
static size_t skip_domain(const char *line) {
    const size_t word = strcspn(line, ": \n");
    return word && line[word] == ':' && line[word + 1] == ' ' ? word + 2 : 0;
}

/* Lines that loaders leave behind on the way to the reason, or without any harm. */
static bool is_noise(const char *line, size_t length) {
    static const char *const NOISE[] = {"bad seek to ", "TIFFFetchNormalTag: ", "IO error during"};
    for (size_t i = 0; i < G_N_ELEMENTS(NOISE); i++)
        if (memmem(line, length, NOISE[i], strlen(NOISE[i]))) return true;
    return length == 0;
}

/* The first line that gives a reason; *none tells that there were others only. g_free it. */
static char *take_line(bool *none) {
    char *all = vips_error_buffer_copy(); /* copies and clears under libvips' lock */
    const char *line = all;
    size_t length = strcspn(line, "\n");
    while (line[length] && is_noise(line, length)) {
        line += length + 1;
        length = strcspn(line, "\n");
    }
    const size_t domain = *line ? skip_domain(line) : 0;
    char *reason = g_strndup(line + domain, length - domain);
    *none = !*reason && *all;
    g_free(all);
    return reason;
}

/* ---- the cause ------------------------------------------------------------------------------- */

/* Does the word say where something lies, in files or in memory, or how large it is there? */
static bool is_inner(const char *word, size_t length) {
    size_t digits = 0;
    for (size_t i = 0; i < length; i++) {
        digits = isdigit((unsigned char)word[i]) ? digits + 1 : 0;
        if (digits > 4 || word[i] == '/') return true;
    }
    return memmem(word, length, "0x", 2) || memmem(word, length, "--", 2);
}

/* Bytes of a reason in front of its first bracket or inner word. */
static size_t outer_length(const char *reason) {
    const size_t most = strcspn(reason, "(");
    size_t at = 0;
    while (at < most && at < LONGEST) {
        const size_t word = strcspn(reason + at, " (");
        if (at + word > LONGEST || is_inner(reason + at, word)) break;
        at += word;
        at += strspn(reason + at, " ");
    }
    return at < most ? at : most;
}

/* Ends a reason there, or where its last clause began. */
static void shorten(char *reason) {
    size_t end = outer_length(reason);
    if (reason[end] && reason[end] != '(') {
        size_t clause = end;
        while (clause > 0 && !strchr(":,;", reason[clause - 1])) clause--;
        if (clause > 1) end = clause - 1;
    }
    reason[end] = 0;
    g_strchomp(reason);
}

/* ---- words ----------------------------------------------------------------------------------- */

static const char *explain(const char *reason, bool none) {
    static const char MISSING[] = "a part of it is missing; copy or fetch it again",
                      LARGE[] = "it asks for more pixels or memory than its decoder grants; make a "
                                "smaller version of it",
                      UNKNOWN[] = "it uses what is not supported; save it in a plainer way";
    static const struct {
        const char *word, *meaning;
    } WORDS[] = {{"limit", LARGE},        {"allocat", LARGE},       {"too large", LARGE},
                 {"end of", MISSING},     {"too short", MISSING},   {"truncated", MISSING},
                 {"not enough", MISSING}, {"unsupported", UNKNOWN}, {"not supported", UNKNOWN},
                 {"not a whole", UNKNOWN}};
    if (none) return MISSING;
    for (size_t i = 0; i < G_N_ELEMENTS(WORDS); i++)
        if (strcasestr(reason, WORDS[i].word)) return WORDS[i].meaning;
    return "it is damaged; make it anew";
}

bool ibx_vips_fail(ibx_error *err, ibx_code code, const char *name, const char *what) {
    bool none;
    char *reason = take_line(&none);
    shorten(reason);
    ibx_fail(err, code, "%s: %s%s%s%s", name, what, *reason ? " (" : "", reason,
             *reason ? ")" : "");
    g_free(reason);
    return false;
}

bool ibx_vips_refuse(ibx_error *err, const char *name, const char *what) {
    bool none;
    char *reason = take_line(&none);
    const char *meaning = explain(reason, none);
    shorten(reason);
    ibx_fail(err, IBX_FORMAT, "%s: %s: %s%s%s%s", name, what, meaning, *reason ? " (" : "", reason,
             *reason ? ")" : "");
    g_free(reason);
    return false;
}
