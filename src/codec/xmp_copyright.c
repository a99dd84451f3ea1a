/* xmp_copyright.c - a packet with nothing but rights and authors, written anew from the values of
 * the old one, so that nothing else can slip through. */
#include "codec/xmp.h"
#include "codec/xmp_names.h"
#include <stdlib.h>

/* A property that is kept. `list` is the RDF container of its values; NULL: a plain text. */
typedef struct {
    ibx_xmp_space space;
    const char *prefix, *name, *list;
} property;

static const property KEPT[] = {
    {IBX_XMP_DC, "dc", "creator", "Seq"},
    {IBX_XMP_DC, "dc", "rights", "Alt"},
    {IBX_XMP_PHOTOSHOP, "photoshop", "Credit", NULL},
    {IBX_XMP_RIGHTS, "xmpRights", "Certificate", NULL},
    {IBX_XMP_RIGHTS, "xmpRights", "Marked", NULL},
    {IBX_XMP_RIGHTS, "xmpRights", "Owner", "Bag"},
    {IBX_XMP_RIGHTS, "xmpRights", "UsageTerms", "Alt"},
    {IBX_XMP_RIGHTS, "xmpRights", "WebStatement", NULL},
};
enum { KEPT_COUNT = sizeof KEPT / sizeof *KEPT };

typedef struct {
    ibx_xmp_names names;
    ibx_memory_sink out;
    bool done[KEPT_COUNT]; /* already written: the first one counts */
    bool any, ok;
    int items; /* of the present property */
} maker;

static void put(maker *m, const char *word) {
    m->ok = m->ok && ibx_put_word(&m->out, word);
}

static void put_piece(maker *m, ibx_piece piece) {
    m->ok = m->ok && ibx_put_piece(&m->out, piece);
}

static void begin(maker *m) {
    put(m, "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
           "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n"
           "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
           "<rdf:Description rdf:about=\"\"");
    for (int i = 0; i < KEPT_COUNT; i++) {
        if (i && KEPT[i].space == KEPT[i - 1].space) continue;
        put(m, "\n xmlns:");
        put(m, KEPT[i].prefix);
        put(m, "=\"");
        put(m, ibx_xmp_uri(KEPT[i].space));
        put(m, "\"");
    }
    put(m, ">\n");
}

static void put_tag(maker *m, const char *open, const property *p, const char *end) {
    put(m, open);
    put(m, p->prefix);
    put(m, ":");
    put(m, p->name);
    put(m, end);
}

static void put_list(maker *m, const char *open, const property *p) {
    if (!p->list) return;
    put(m, open);
    put(m, p->list);
    put(m, ">");
}

static ibx_piece trim(ibx_piece p) {
    while (p.size && (unsigned char)*p.at <= ' ') p.at++, p.size--;
    while (p.size && (unsigned char)p.at[p.size - 1] <= ' ') p.size--;
    return p;
}

/* One value, still escaped as it was. */
static void put_item(maker *m, const property *p, ibx_piece text, ibx_piece language) {
    text = trim(text);
    if (!text.size || memchr(text.at, '<', text.size) || (m->items && !p->list)) return;
    if (!m->items++) {
        put_tag(m, "<", p, ">");
        put_list(m, "<rdf:", p);
    }
    const bool alternative = p->list && strcmp(p->list, "Alt") == 0;
    if (p->list) put(m, "<rdf:li");
    if (alternative) {
        put(m, " xml:lang=\"");
        const bool known = language.size && !memchr(language.at, '"', language.size) &&
                           !memchr(language.at, '<', language.size);
        if (known) put_piece(m, language);
        if (!known) put(m, "x-default");
        put(m, "\"");
    }
    if (p->list) put(m, ">");
    put_piece(m, text);
    if (p->list) put(m, "</rdf:li>");
}

static void end_property(maker *m, int i) {
    if (!m->items) return;
    put_list(m, "</rdf:", &KEPT[i]);
    put_tag(m, "</", &KEPT[i], ">\n");
    m->items = 0;
    m->done[i] = m->any = true;
}

/* Index of the kept property of that name which is not written yet, or -1. */
static int find_kept(const maker *m, ibx_piece name) {
    ibx_piece local;
    const ibx_xmp_space space = ibx_xmp_lookup(&m->names, name, &local);
    for (int i = 0; i < KEPT_COUNT && space; i++)
        if (KEPT[i].space == space && ibx_piece_is(local, KEPT[i].name) && !m->done[i]) return i;
    return -1;
}

static ibx_piece language_of(const ibx_xml *x) {
    ibx_attribute a;
    size_t at = 0;
    while (ibx_xml_attribute(x, &at, &a))
        if (ibx_piece_is(a.name, "xml:lang")) return a.value;
    return (ibx_piece){0};
}

/* The scanner stands at the OPEN of a kept property; every text up to its end is a value. */
static void take_element(maker *m, ibx_xml *x, int i) {
    const int depth = x->depth;
    ibx_piece language = language_of(x);
    while (!x->empty || x->depth > depth) {
        const ibx_xml_kind kind = ibx_xml_next(x);
        if (kind == IBX_XML_CLOSE && x->depth == depth) break;
        if (kind == IBX_XML_OPEN) language = language_of(x);
        if (kind == IBX_XML_TEXT) put_item(m, &KEPT[i], x->token, language);
    }
    end_property(m, i);
}

static void take_attributes(maker *m, const ibx_xml *x) {
    ibx_attribute a;
    size_t at = 0;
    while (ibx_xml_attribute(x, &at, &a)) {
        const int i = find_kept(m, a.name);
        if (i < 0) continue;
        put_item(m, &KEPT[i], a.value, (ibx_piece){0});
        end_property(m, i);
    }
}

bool ibx_xmp_copyright(ibx_bytes packet, ibx_bytes *out) {
    const ibx_piece text = {packet.data, packet.size};
    maker m = {.ok = true};
    *out = (ibx_bytes){0};
    if (!text.size || !ibx_xmp_names_read(&m.names, text)) return true;
    ibx_memory_sink_init(&m.out);
    begin(&m);
    ibx_xml x = ibx_xml_begin(text);
    ibx_xml_kind kind;
    while ((kind = ibx_xml_next(&x)) != IBX_XML_END) {
        if (kind != IBX_XML_OPEN) continue;
        const int i = find_kept(&m, x.name);
        if (i >= 0)
            take_element(&m, &x, i);
        else
            take_attributes(&m, &x);
    }
    put(&m, "</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>");
    if (m.ok && m.any)
        *out = (ibx_bytes){m.out.data, m.out.size};
    else
        free(m.out.data);
    return m.ok;
}
