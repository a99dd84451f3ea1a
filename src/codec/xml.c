/* xml.c - see xml.h. */
#include "codec/xml.h"
#include <string.h>

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_name(char c) {
    return is_blank(c) || c == '>' || c == '/' || c == '=' || c == '<' || c == '"' || c == '\'';
}

static bool starts_with(const ibx_xml *x, const char *word) {
    const size_t n = strlen(word);
    return (size_t)(x->end - x->at) >= n && memcmp(x->at, word, n) == 0;
}

/* Steps behind the next `word`; false if it does not come. */
static bool step_behind(ibx_xml *x, const char *word) {
    const char *found = memmem(x->at, (size_t)(x->end - x->at), word, strlen(word));
    if (found) x->at = found + strlen(word);
    return found != NULL;
}

/* Finds the ">" of a tag, not looking into quoted values. */
static const char *find_tag_end(const char *p, const char *end) {
    char quote = 0;
    for (; p < end; p++) {
        if (quote)
            quote = *p == quote ? 0 : quote;
        else if (*p == '"' || *p == '\'')
            quote = *p;
        else if (*p == '>')
            return p;
        else if (*p == '<')
            return NULL;
    }
    return NULL;
}

static ibx_xml_kind close_tag(ibx_xml *x) {
    if (!x->depth) return IBX_XML_BAD;
    const ibx_piece opened = x->open[x->depth - 1];
    x->leave = true;
    if (opened.size != x->name.size || memcmp(opened.at, x->name.at, opened.size) != 0)
        return IBX_XML_BAD;
    return IBX_XML_CLOSE;
}

static ibx_xml_kind open_tag(ibx_xml *x) {
    if (x->depth == IBX_XML_DEPTH) return IBX_XML_BAD;
    x->open[x->depth++] = x->name;
    x->leave = x->empty;
    return IBX_XML_OPEN;
}

static ibx_xml_kind tag(ibx_xml *x) {
    const char *start = x->at, *close = find_tag_end(start + 1, x->end);
    if (!close) return IBX_XML_BAD;
    const bool closing = start[1] == '/';
    const char *name = start + 1 + closing, *p = name;
    while (p < close && !ends_name(*p)) p++;
    if (p == name) return IBX_XML_BAD;
    x->at = close + 1;
    x->token = (ibx_piece){start, (size_t)(x->at - start)};
    x->name = (ibx_piece){name, (size_t)(p - name)};
    x->empty = !closing && close[-1] == '/';
    return closing ? close_tag(x) : open_tag(x);
}

ibx_xml_kind ibx_xml_next(ibx_xml *x) {
    if (x->leave) x->depth--;
    x->leave = false;
    for (;;) {
        if (x->at == x->end) return x->depth ? IBX_XML_BAD : IBX_XML_END;
        const char *start = x->at;
        bool ok = true;
        if (*start != '<') {
            const char *next = memchr(start, '<', (size_t)(x->end - start));
            x->at = next ? next : x->end;
            x->token = (ibx_piece){start, (size_t)(x->at - start)};
            return IBX_XML_TEXT;
        }
        if (starts_with(x, "<!--"))
            ok = step_behind(x, "-->");
        else if (starts_with(x, "<?"))
            ok = step_behind(x, "?>");
        else if (starts_with(x, "<![CDATA["))
            ok = step_behind(x, "]]>");
        else
            return starts_with(x, "<!") ? IBX_XML_BAD : tag(x);
        if (!ok) return IBX_XML_BAD;
    }
}

static const char *skip_blanks(const char *p, const char *end) {
    while (p < end && is_blank(*p)) p++;
    return p;
}

bool ibx_xml_attribute(const ibx_xml *x, size_t *at, ibx_attribute *a) {
    const char *end = x->token.at + x->token.size - 1 - x->empty;
    const char *start = *at ? x->token.at + *at : x->name.at + x->name.size;
    const char *name = skip_blanks(start, end), *p = name;
    while (p < end && !ends_name(*p)) p++;
    a->name = (ibx_piece){name, (size_t)(p - name)};
    p = skip_blanks(p, end);
    if (p == end || *p != '=' || !a->name.size) return false;
    p = skip_blanks(p + 1, end);
    if (p == end || (*p != '"' && *p != '\'')) return false;
    const char *close = memchr(p + 1, *p, (size_t)(end - p - 1));
    if (!close) return false;
    a->value = (ibx_piece){p + 1, (size_t)(close - p - 1)};
    a->whole = (ibx_piece){start, (size_t)(close + 1 - start)};
    *at = (size_t)(close + 1 - x->token.at);
    return true;
}
