#include "describe/json.h"
#include <math.h>
#include <string.h>

/* Length of the UTF-8 character at p (RFC 3629: no overlong forms, no surrogates), 0 if it is
 * none. */
static int utf8_length(const unsigned char *p) {
    if (p[0] < 0x80) return 1;
    const int length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
    for (int i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if (p[0] == 0xe0 && p[1] < 0xa0) return 0;
    if (p[0] == 0xed && p[1] > 0x9f) return 0;
    if (p[0] == 0xf0 && p[1] < 0x90) return 0;
    if (p[0] == 0xf4 && p[1] > 0x8f) return 0;
    return length;
}

static void put_string(FILE *out, const char *text) {
    fputc('"', out);
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        const int length = utf8_length(p);
        if (length == 0) {
            fprintf(out, "\\udc%02x", *p);
        } else if (*p == '"' || *p == '\\') {
            fprintf(out, "\\%c", *p);
        } else if (*p == '\n') {
            fputs("\\n", out);
        } else if (*p < 0x20 || *p == 0x7f) {
            fprintf(out, "\\u%04x", *p);
        } else {
            fwrite(p, 1, (size_t)length, out);
        }
        p += length ? length : 1;
    }
    fputc('"', out);
}

static void new_line(const ibx_json *j) {
    if (j->pretty) fprintf(j->out, "\n%*s", 2 * j->depth, "");
    if (j->lines && !j->pretty) fputc('\n', j->out);
}

/* What stands in front of a value: comma, line, key. */
static void begin(ibx_json *j, const char *key) {
    if (j->more) fputc(',', j->out);
    if (j->depth && (j->pretty || j->depth == 1)) new_line(j);
    if (key) {
        put_string(j->out, key);
        fputs(j->pretty ? ": " : ":", j->out);
    }
    j->more = true;
}

void ibx_json_open(ibx_json *j, const char *key, char bracket) {
    begin(j, key);
    fputc(bracket, j->out);
    j->depth++;
    j->more = false;
}

void ibx_json_close(ibx_json *j, char bracket) {
    j->depth--;
    if (j->more && (j->pretty || j->depth == 0)) new_line(j);
    fputc(bracket, j->out);
    j->more = true;
    if (j->depth == 0) {
        fputc('\n', j->out);
        j->more = false;
    }
}

void ibx_json_text(ibx_json *j, const char *key, const char *value) {
    begin(j, key);
    if (value)
        put_string(j->out, value);
    else
        fputs("null", j->out);
}

void ibx_json_int(ibx_json *j, const char *key, int64_t value) {
    begin(j, key);
    fprintf(j->out, "%lld", (long long)value);
}

void ibx_json_number(ibx_json *j, const char *key, double value) {
    begin(j, key);
    if (isfinite(value))
        fprintf(j->out, "%.10g", value);
    else
        fputs("null", j->out);
}

void ibx_json_bool(ibx_json *j, const char *key, bool value) {
    begin(j, key);
    fputs(value ? "true" : "false", j->out);
}
