#include "describe/wrap.h"
#include <string.h>

enum { WIDTH = 79 };

static int columns(const char *text, size_t size) {
    int n = 0;
    for (size_t i = 0; i < size; i++) n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

int ibx_columns(const char *text) {
    return columns(text, strlen(text));
}

/* One line of the text, which ends at `end`. */
static void wrap_line(FILE *out, const char *text, const char *end, int indent, int at) {
    const char *gap = "";
    if (at < indent) at += fprintf(out, "%*s", indent - at, "");
    while (text < end) {
        const size_t size = strcspn(text, " \n");
        const int wide = columns(text, size);
        if (*gap && at + 1 + wide > WIDTH) {
            at = fprintf(out, "\n%*s", indent, "") - 1;
            gap = "";
        }
        at += fprintf(out, "%s", gap) + wide;
        fwrite(text, 1, size, out);
        gap = " ";
        text += size + strspn(text + size, " ");
    }
    fputc('\n', out);
}

void ibx_wrap(FILE *out, const char *text, int indent, int at) {
    do {
        const char *end = text + strcspn(text, "\n");
        if (end == text && !at)
            fputc('\n', out);
        else
            wrap_line(out, text, end, indent, at);
        text = *end ? end + 1 : end;
        at = 0;
    } while (*text);
}
