/* grammar.c - the head of a request, line by line. */
#include "server/net/grammar.h"
#include <string.h>
#include <strings.h>

enum {
    LINE_BYTES = 8192, /* of the request line, its end included */
    MAX_FIELDS = 64,
    LENGTH_DIGITS = 18 /* fits into an int64_t whatever they are */
};

/* A part of a line. */
typedef struct {
    const uint8_t *at;
    size_t size;
} slice;

/* What the fields said so far. */
typedef struct {
    ibx_http_head *head;
    bool old; /* HTTP/1.0 */
    int fields, hosts, lengths, codings, expectations;
} reading;

static bool refuse(ibx_http_head *head, int status, const char *why) {
    head->status = status;
    head->why = why;
    return false;
}

static bool is(slice s, const char *word) {
    return s.size == strlen(word) && memcmp(s.at, word, s.size) == 0;
}

/* Names of fields and codings are the same in any case. */
static bool is_like(slice s, const char *word) {
    return s.size == strlen(word) && strncasecmp((const char *)s.at, word, s.size) == 0;
}

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static bool is_alnum(uint8_t c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 9110, 5.6.2. */
static bool is_token(uint8_t c) {
    return is_alnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool all(slice s, bool (*holds)(uint8_t)) {
    for (size_t i = 0; i < s.size; i++)
        if (!holds(s.at[i])) return false;
    return true;
}

/* ---- the request line ---------------------------------------------------------------------- */

/* Cuts `line` at its first blank; false without one. */
static bool cut(slice *line, slice *word) {
    const uint8_t *blank = memchr(line->at, ' ', line->size);
    if (!blank) return false;
    *word = (slice){line->at, (size_t)(blank - line->at)};
    *line = (slice){blank + 1, line->size - word->size - 1};
    return true;
}

static bool read_method(slice method, ibx_http_head *head) {
    static const char *const SERVED[] = {"GET", "HEAD", "POST", "OPTIONS"};
    static const char *const KNOWN[] = {"PUT", "DELETE", "TRACE", "CONNECT", "PATCH"};
    if (!method.size || !all(method, is_token))
        return refuse(head, 400, "The method is not a token.");
    for (size_t i = 0; i < sizeof SERVED / sizeof *SERVED; i++)
        if (is(method, SERVED[i])) return true;
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (is(method, KNOWN[i])) return refuse(head, 405, "Use GET, HEAD, POST or OPTIONS.");
    return refuse(head, 501, "The method is unknown; use GET, HEAD, POST or OPTIONS.");
}

/* A fragment is never sent, and what is not ASCII is escaped: RFC 3986, 2.1 and 3.5. */
static bool is_target(uint8_t c) {
    return c > ' ' && c < 0x7F && c != '#';
}

static bool is_hex(uint8_t c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Is every "%" followed by two digits, which are not those of NUL? */
static bool is_escaped(slice s) {
    for (size_t i = 0; i < s.size; i++) {
        if (s.at[i] != '%') continue;
        const bool digits = i + 2 < s.size && is_hex(s.at[i + 1]) && is_hex(s.at[i + 2]);
        if (!digits || (s.at[i + 1] == '0' && s.at[i + 2] == '0')) return false;
    }
    return true;
}

static bool read_target(slice target, bool options, ibx_http_head *head) {
    if (options && is(target, "*")) return true;
    if (!target.size || target.at[0] != '/')
        return refuse(head, 400, "The target must be a path that begins with a slash.");
    if (!all(target, is_target))
        return refuse(head, 400, "The target has a character that must be escaped.");
    return is_escaped(target) ||
           refuse(head, 400, "The target has a % without two hexadecimal digits, or %00.");
}

static bool read_version(slice version, reading *r) {
    const uint8_t *v = version.at;
    const bool formed = version.size == 8 && memcmp(v, "HTTP/", 5) == 0 && is_digit(v[5]) &&
                        v[6] == '.' && is_digit(v[7]);
    if (!formed) return refuse(r->head, 400, "The request line does not end with its version.");
    r->old = is(version, "HTTP/1.0");
    return r->old || is(version, "HTTP/1.1") || refuse(r->head, 505, "Use HTTP/1.1 or HTTP/1.0.");
}

static bool read_request_line(slice line, reading *r) {
    slice method, target;
    if (!cut(&line, &method) || !cut(&line, &target))
        return refuse(r->head, 400, "The request line is not a method, a target and a version.");
    return read_method(method, r->head) && read_target(target, is(method, "OPTIONS"), r->head) &&
           read_version(line, r);
}

/* ---- fields -------------------------------------------------------------------------------- */

static bool is_host(uint8_t c) {
    return is_alnum(c) || c == '.' || c == '-' || c == '_';
}

static bool is_address(uint8_t c) {
    return is_hex(c) || c == ':' || c == '.';
}

/* The size of the name or [address] that a Host begins with; 0 if it does not. */
static size_t host_size(slice value) {
    size_t n = 0;
    if (value.size && value.at[0] == '[') {
        const uint8_t *end = memchr(value.at, ']', value.size);
        const slice inside = {value.at + 1, end ? (size_t)(end - value.at) - 1 : 0};
        return inside.size && all(inside, is_address) ? inside.size + 2 : 0;
    }
    while (n < value.size && is_host(value.at[n])) n++;
    return n;
}

/* Stricter than RFC 3986: a URL is made of it and of the target, and must fall apart into the same
 * two again. */
static bool read_host(slice value, reading *r) {
    const size_t n = host_size(value);
    const slice port = {value.at + n + 1, value.size > n ? value.size - n - 1 : 0};
    const bool formed = n > 0 && (n == value.size || (value.at[n] == ':' && port.size > 0 &&
                                                      port.size <= 5 && all(port, is_digit)));
    if (r->hosts++) return refuse(r->head, 400, "Host is there twice.");
    return formed || refuse(r->head, 400, "Host is not a name or address with or without a port.");
}

static bool read_length(slice value, reading *r) {
    if (r->lengths++) return refuse(r->head, 400, "Content-Length is there twice.");
    const bool formed = value.size > 0 && value.size <= LENGTH_DIGITS && all(value, is_digit) &&
                        (value.size == 1 || value.at[0] != '0');
    if (!formed) return refuse(r->head, 400, "Content-Length is not one plain number.");
    for (size_t i = 0; i < value.size; i++)
        r->head->length = r->head->length * 10 + (value.at[i] - '0');
    return true;
}

static bool read_coding(slice value, reading *r) {
    if (r->codings++) return refuse(r->head, 400, "Transfer-Encoding is there twice.");
    return is_like(value, "chunked") ||
           refuse(r->head, 400, "Transfer-Encoding must be \"chunked\" and nothing else.");
}

static bool read_expectation(slice value, reading *r) {
    if (r->expectations++) return refuse(r->head, 400, "Expect is there twice.");
    r->head->expects = is_like(value, "100-continue");
    return r->head->expects || refuse(r->head, 400, "Expect must be 100-continue.");
}

static bool read_field(slice line, reading *r) {
    const uint8_t *colon = memchr(line.at, ':', line.size);
    const slice name = {line.at, colon ? (size_t)(colon - line.at) : 0};
    if (line.at[0] == ' ' || line.at[0] == '\t')
        return refuse(r->head, 400, "A field goes on in a second line.");
    if (!name.size || !all(name, is_token))
        return refuse(r->head, 400, "A field does not begin with a name and a colon.");
    if (++r->fields > MAX_FIELDS) return refuse(r->head, 431, "More than 64 fields.");
    slice value = {colon + 1, line.size - name.size - 1};
    while (value.size && (*value.at == ' ' || *value.at == '\t')) value.at++, value.size--;
    while (value.size && (value.at[value.size - 1] == ' ' || value.at[value.size - 1] == '\t'))
        value.size--;
    if (is_like(name, "Host")) return read_host(value, r);
    if (is_like(name, "Content-Length")) return read_length(value, r);
    if (is_like(name, "Transfer-Encoding")) return read_coding(value, r);
    if (is_like(name, "Expect")) return read_expectation(value, r);
    return true;
}

/* What only all fields together tell. */
static bool read_framing(reading *r) {
    if (!r->hosts && !r->old) return refuse(r->head, 400, "Host is missing.");
    if (r->codings && r->lengths)
        return refuse(r->head, 400, "Content-Length and Transfer-Encoding contradict each other.");
    if (r->codings && r->old) return refuse(r->head, 400, "HTTP/1.0 has no Transfer-Encoding.");
    if (r->expectations && r->old) return refuse(r->head, 400, "HTTP/1.0 has no Expect.");
    r->head->framing = r->codings ? IBX_BODY_CHUNKED : r->lengths ? IBX_BODY_LENGTH : IBX_BODY_NONE;
    return true;
}

/* ---- lines --------------------------------------------------------------------------------- */

static bool is_text(uint8_t c) {
    return c == '\t' || (c >= ' ' && c != 0x7F);
}

/* `line` with what ends it. */
static bool check_line(slice *line, ibx_http_head *head) {
    if (line->size < 2 || line->at[line->size - 2] != '\r')
        return refuse(head, 400, "A line ends without a carriage return.");
    line->size -= 2;
    return all(*line, is_text) || refuse(head, 400, "A line has a control character.");
}

/* The line that begins at head->bytes; empty as long as its end is not there. */
static slice next_line(const uint8_t *data, size_t size, const ibx_http_head *head) {
    const uint8_t *from = data + head->bytes;
    const uint8_t *end = memchr(from, '\n', size - head->bytes);
    return (slice){from, end ? (size_t)(end - from) + 1 : 0};
}

static ibx_http_verdict verdict(bool ok) {
    return ok ? IBX_HTTP_OK : IBX_HTTP_REFUSED;
}

ibx_http_verdict ibx_http_read_head(const uint8_t *data, size_t size, size_t limit,
                                    ibx_http_head *head) {
    *head = (ibx_http_head){0};
    reading r = {.head = head};
    const bool cut_off = size >= limit;
    if (cut_off) size = limit;
    if (size && !is_token(data[0])) return verdict(refuse(head, 400, "This is not HTTP."));
    for (int lines = 0;; lines++) {
        slice line = next_line(data, size, head);
        if (!lines && (line.size ? line.size : size) > LINE_BYTES)
            return verdict(refuse(head, 414, "The request line is longer than 8 KiB."));
        if (!line.size) break;
        head->bytes += line.size;
        if (!check_line(&line, head)) return IBX_HTTP_REFUSED;
        if (lines && !line.size) return verdict(read_framing(&r));
        if (!(lines ? read_field(line, &r) : read_request_line(line, &r))) return IBX_HTTP_REFUSED;
    }
    if (!cut_off) return IBX_HTTP_MORE;
    return verdict(refuse(head, 431, "The head of the request is too long."));
}
