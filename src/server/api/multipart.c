/* multipart.c - the parts of a form: first where each ends, then its header. */
#include "server/api/multipart.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { BOUNDARY_MOST = 70 };

/* What is left to read. */
typedef struct {
    const uint8_t *at, *end;
} span;

static size_t left(span s) {
    return (size_t)(s.end - s.at);
}

static bool begins(span s, const char *text) {
    const size_t n = strlen(text);
    return left(s) >= n && memcmp(s.at, text, n) == 0;
}

static bool begins_like(span s, const char *text) {
    const size_t n = strlen(text);
    return left(s) >= n && strncasecmp((const char *)s.at, text, n) == 0;
}

static bool take(span *s, const char *text) {
    if (!begins(*s, text)) return false;
    s->at += strlen(text);
    return true;
}

static void skip_blanks(span *s) {
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t')) s->at++;
}

static bool is_alnum(uint8_t c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 9110, 5.6.2. */
static bool is_token(uint8_t c) {
    return is_alnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static span take_token(span *s) {
    const uint8_t *from = s->at;
    while (s->at < s->end && is_token(*s->at)) s->at++;
    return (span){from, s->at};
}

/* RFC 2046, 5.1.1. */
static bool is_boundary(const char *text) {
    const size_t n = strlen(text);
    if (n < 1 || n > BOUNDARY_MOST || text[n - 1] == ' ') return false;
    for (size_t i = 0; i < n; i++)
        if (!is_alnum((uint8_t)text[i]) && !strchr("'()+_,-./:=? ", text[i])) return false;
    return true;
}

/* ---- a part's header ----------------------------------------------------------------------- */

/* What is between quotes, or a token; false if it is neither. */
static bool take_value(span *s, span *value) {
    if (!take(s, "\"")) {
        *value = take_token(s);
        return left(*value) > 0;
    }
    value->at = s->at;
    for (; s->at < s->end && *s->at != '"'; s->at++)
        if (*s->at == '\\' && left(*s) > 1) s->at++;
    value->end = s->at;
    return take(s, "\"");
}

/* form-data; name="image"; filename="a.jpg" */
static bool read_disposition(span s, ibx_form_part *part) {
    span type = take_token(&s);
    if (left(type) != strlen("form-data") || !begins_like(type, "form-data")) return false;
    for (skip_blanks(&s); left(s) > 0; skip_blanks(&s)) {
        span name, value;
        if (!take(&s, ";")) return false;
        skip_blanks(&s);
        name = take_token(&s);
        if (left(name) == 0 || !take(&s, "=") || !take_value(&s, &value)) return false;
        if (left(name) != strlen("name") || !begins_like(name, "name")) continue;
        if (part->name) return false;
        part->name = (const char *)value.at;
        part->name_size = left(value);
    }
    return part->name != NULL;
}

static bool is_text(span s) {
    for (; s.at < s.end; s.at++)
        if ((*s.at < ' ' && *s.at != '\t') || *s.at == 0x7F) return false;
    return true;
}

/* One line without its end. NULL, or what is wrong. */
static const char *read_field(span line, ibx_form_part *part) {
    const char *const wrong = "has no Content-Disposition: form-data; name=\"..\" that can be read";
    if (!is_text(line)) return "has a control character in its header";
    const span name = take_token(&line);
    if (left(name) == 0 || !take(&line, ":")) return "has a line in its header that is no field";
    if (left(name) != strlen("Content-Disposition") || !begins_like(name, "Content-Disposition"))
        return NULL;
    if (part->name) return "has Content-Disposition twice";
    skip_blanks(&line);
    return read_disposition(line, part) ? NULL : wrong;
}

/* Reads the header of a part that is `s`; what is behind it is the data. NULL, or what is wrong. */
static const char *read_part(span s, ibx_form_part *part) {
    const size_t most = left(s) < IBX_FORM_HEADER_BYTES ? left(s) : IBX_FORM_HEADER_BYTES;
    const span header = {s.at, s.at + most};
    *part = (ibx_form_part){0};
    for (int lines = 0; lines <= IBX_FORM_LINES; lines++) {
        span line = {s.at, memmem(s.at, (size_t)(header.end - s.at), "\r\n", 2)};
        if (!line.end)
            return most < IBX_FORM_HEADER_BYTES ? "has no empty line behind its header"
                                                : "has a header of more than 4096 bytes";
        s.at = line.end + 2;
        if (left(line) == 0) {
            part->data = s.at;
            part->size = left(s);
            return part->name ? NULL : "has no Content-Disposition with a name";
        }
        const char *wrong = read_field(line, part);
        if (wrong) return wrong;
    }
    return "has a header of more than 16 lines";
}

/* ---- the body ------------------------------------------------------------------------------ */

/* Takes the part that `s` begins with, and the delimiter behind it. */
static const char *take_part(span *s, const char *delimiter, ibx_form_part *part) {
    /* The end of the line before belongs to the next delimiter if that follows at once. */
    const uint8_t *found = memmem(s->at - 2, left(*s) + 2, delimiter, strlen(delimiter));
    if (!found) return "is not complete: the boundary does not follow";
    const span whole = {s->at, found < s->at ? s->at : found};
    s->at = found + strlen(delimiter);
    return read_part(whole, part);
}

static int refuse(ibx_error *err, int part, const char *wrong) {
    ibx_fail(err, IBX_USAGE, "part %d of the multipart body %s", part, wrong);
    return -1;
}

/* `s` is behind the first boundary. */
static int read_parts(span s, const char *delimiter, ibx_form_part *parts, ibx_error *err) {
    int count = 0;
    while (take(&s, "\r\n")) {
        if (count == IBX_FORM_PARTS) return refuse(err, count + 1, "is one too many");
        const char *wrong = take_part(&s, delimiter, parts + count++);
        if (wrong) return refuse(err, count, wrong);
    }
    if (!take(&s, "--"))
        return refuse(err, count + 1, "begins with a boundary that its line does not end with");
    take(&s, "\r\n");
    return left(s) == 0 ? count : refuse(err, count, "must be the last, but more bytes follow");
}

int ibx_multipart_read(const uint8_t *body, size_t size, const char *boundary,
                       ibx_form_part parts[IBX_FORM_PARTS], ibx_error *err) {
    char delimiter[BOUNDARY_MOST + 5]; /* CRLF, two hyphens, NUL */
    span s = {body, body + size};
    if (!boundary || !is_boundary(boundary)) {
        ibx_fail(err, IBX_USAGE,
                 "Content-Type: multipart/form-data needs a boundary of 1 to 70 characters");
        return -1;
    }
    snprintf(delimiter, sizeof delimiter, "\r\n--%s", boundary);
    if (take(&s, delimiter + 2)) return read_parts(s, delimiter, parts, err);
    ibx_fail(err, IBX_USAGE, "the multipart body does not begin with its boundary");
    return -1;
}
