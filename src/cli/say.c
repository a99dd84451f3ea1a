#include "cli/say.h"
#include <stdarg.h>
#include <stdlib.h>

int ibx_exit_status(ibx_code code) {
    switch (code) {
    case IBX_OK:
        return IBX_EXIT_DONE;
    case IBX_USAGE:
        return IBX_EXIT_USAGE;
    case IBX_FORMAT:
        return IBX_EXIT_NO_INPUT;
    case IBX_IO:
    case IBX_FULL:
        return IBX_EXIT_NO_OUTPUT;
    default:
        return IBX_EXIT_FAILED;
    }
}

const char *ibx_code_word(ibx_code code) {
    static const char *const WORDS[] = {
        [IBX_OK] = "ok",       [IBX_USAGE] = "usage",         [IBX_FORMAT] = "format",
        [IBX_LIMIT] = "limit", [IBX_MEMORY] = "memory",       [IBX_IO] = "io",
        [IBX_FULL] = "full",   [IBX_CANCELLED] = "cancelled", [IBX_BUG] = "bug"};
    return WORDS[code];
}

const char *ibx_without_name(const char *text, const char *file) {
    const size_t length = strlen(file);
    const bool named = strncmp(text, file, length) == 0 && strncmp(text + length, ": ", 2) == 0;
    return named ? text + length + 2 : text;
}

/* Length of the printable UTF-8 character at p; 0 for control characters (C0, C1, DEL) and for
 * bytes that are not UTF-8. */
static int printable(const unsigned char *p) {
    if (p[0] < 0x80) return p[0] >= 0x20 && p[0] != 0x7f;
    const int length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
    for (int i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    return p[0] == 0xc2 && p[1] < 0xa0 ? 0 : length;
}

void ibx_print_safe(FILE *out, const char *text) {
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        const int length = printable(p);
        if (length)
            fwrite(p, 1, (size_t)length, out);
        else if (*p == '\n')
            fputs("\\n", out);
        else if (*p == '\t')
            fputs("\\t", out);
        else
            fprintf(out, "\\x%02x", *p);
        p += length ? length : 1;
    }
}

void ibx_say(const char *format, ...) {
    char *text = NULL;
    va_list list;
    va_start(list, format);
    const int length = vasprintf(&text, format, list);
    va_end(list);
    flockfile(stderr);
    fputs("imbrex: ", stderr);
    ibx_print_safe(stderr, length < 0 ? format : text);
    fputc('\n', stderr);
    funlockfile(stderr);
    if (length >= 0) free(text);
}

ibx_amount ibx_bytes_in_words(int64_t bytes) {
    static const char *const UNITS[] = {"B", "kB", "MB", "GB", "TB"};
    ibx_amount a;
    double value = (double)bytes;
    int unit = 0;
    for (; value >= 999.5 && unit < 4; unit++) value /= 1000;
    snprintf(a.text, sizeof a.text, unit > 0 && value < 99.95 ? "%.1f %s" : "%.0f %s", value,
             UNITS[unit]);
    return a;
}
