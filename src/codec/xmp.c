/* xmp.c - changes to a packet. Everything that is not changed keeps its bytes.
 *
 * A property stands in one of two forms: as an attribute of rdf:Description, or as an element. */
#include "codec/xmp.h"
#include "codec/xmp_names.h"
#include <stdio.h>
#include <stdlib.h>

enum { RULES = 8 };

/* What happens to a property. */
typedef struct {
    ibx_xmp_space space;
    const char *name;  /* one that ends in "*" stands for all that begin so */
    const char *value; /* NULL: the property goes */
} rule;

typedef struct {
    ibx_xmp_names names;
    rule rules[RULES];
    int count;
    ibx_memory_sink out;
    const char *copied; /* the packet up to here is in `out`, or was left out */
    bool ok;            /* there was memory */
} editor;

static bool name_matches(ibx_piece local, const char *name) {
    const size_t n = strlen(name);
    if (name[n - 1] != '*') return ibx_piece_is(local, name);
    return local.size >= n - 1 && memcmp(local.at, name, n - 1) == 0;
}

static const rule *find_rule(const editor *e, ibx_piece name) {
    ibx_piece local;
    const ibx_xmp_space space = ibx_xmp_lookup(&e->names, name, &local);
    for (int i = 0; i < e->count && space; i++)
        if (e->rules[i].space == space && name_matches(local, e->rules[i].name))
            return &e->rules[i];
    return NULL;
}

/* Copies up to `from`, then the value in place of what lies between `from` and `to`. */
static void replace(editor *e, const char *from, const char *to, const char *value) {
    const ibx_piece kept = {e->copied, (size_t)(from - e->copied)};
    e->ok = e->ok && ibx_put_piece(&e->out, kept) && ibx_put_word(&e->out, value ? value : "");
    e->copied = to;
}

/* The scanner stands at the OPEN of a property with a rule; moves to its end. */
static void edit_element(editor *e, ibx_xml *x, const rule *r) {
    const char *start = x->token.at, *content = x->at, *close = x->at;
    const bool empty = x->empty;
    const int depth = x->depth;
    while (!empty) {
        const ibx_xml_kind kind = ibx_xml_next(x);
        close = x->token.at;
        if (kind == IBX_XML_CLOSE && x->depth == depth) break;
    }
    if (!r->value)
        replace(e, start, x->at, NULL);
    else if (!empty)
        replace(e, content, close, r->value);
}

static void edit_attributes(editor *e, const ibx_xml *x) {
    ibx_attribute a;
    size_t at = 0;
    while (ibx_xml_attribute(x, &at, &a)) {
        const rule *r = find_rule(e, a.name);
        const ibx_piece p = r && r->value ? a.value : a.whole;
        if (r) replace(e, p.at, p.at + p.size, r->value);
    }
}

static void add_rule(editor *e, ibx_xmp_space space, const char *name, const char *value) {
    e->rules[e->count++] = (rule){space, name, value};
}

static void add_rules(editor *e, const ibx_xmp_edits *edits, const char *w, const char *h) {
    if (edits->upright) add_rule(e, IBX_XMP_TIFF, "Orientation", "1");
    if (edits->w) add_rule(e, IBX_XMP_TIFF, "ImageWidth", w);
    if (edits->w) add_rule(e, IBX_XMP_EXIF, "PixelXDimension", w);
    if (edits->h) add_rule(e, IBX_XMP_TIFF, "ImageLength", h);
    if (edits->h) add_rule(e, IBX_XMP_EXIF, "PixelYDimension", h);
    if (edits->drop_gps) add_rule(e, IBX_XMP_EXIF, "GPS*", NULL);
    add_rule(e, IBX_XMP_BASIC, "Thumbnails", NULL);
}

bool ibx_xmp_edit(ibx_bytes packet, const ibx_xmp_edits *edits, ibx_bytes *out) {
    const ibx_piece text = {packet.data, packet.size};
    editor e = {.copied = text.at, .ok = true};
    char w[16], h[16];
    *out = (ibx_bytes){0};
    if (!text.size || !ibx_xmp_names_read(&e.names, text)) return true;
    snprintf(w, sizeof w, "%d", edits->w);
    snprintf(h, sizeof h, "%d", edits->h);
    add_rules(&e, edits, w, h);
    ibx_memory_sink_init(&e.out);

    ibx_xml x = ibx_xml_begin(text);
    ibx_xml_kind kind;
    while ((kind = ibx_xml_next(&x)) != IBX_XML_END) {
        const rule *r = kind == IBX_XML_OPEN ? find_rule(&e, x.name) : NULL;
        if (r)
            edit_element(&e, &x, r);
        else if (kind == IBX_XML_OPEN)
            edit_attributes(&e, &x);
    }
    replace(&e, text.at + text.size, NULL, NULL);
    if (e.ok) *out = (ibx_bytes){e.out.data, e.out.size};
    if (!e.ok) free(e.out.data);
    return e.ok;
}
