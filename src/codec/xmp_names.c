/* xmp_names.c - see xmp_names.h. The URIs are those of ISO 16684-1 and the XMP specification. */
#include "codec/xmp_names.h"

const char *ibx_xmp_uri(ibx_xmp_space space) {
    static const char *const URI[IBX_XMP_SPACES] = {
        [IBX_XMP_TIFF] = "http://ns.adobe.com/tiff/1.0/",
        [IBX_XMP_EXIF] = "http://ns.adobe.com/exif/1.0/",
        [IBX_XMP_BASIC] = "http://ns.adobe.com/xap/1.0/",
        [IBX_XMP_DC] = "http://purl.org/dc/elements/1.1/",
        [IBX_XMP_RIGHTS] = "http://ns.adobe.com/xap/1.0/rights/",
        [IBX_XMP_PHOTOSHOP] = "http://ns.adobe.com/photoshop/1.0/",
    };
    return URI[space] ? URI[space] : "";
}

/* Notes xmlns:prefix="URI" of a name space that is known here. */
static void note(ibx_xmp_names *names, const ibx_attribute *a) {
    static const char XMLNS[] = "xmlns:";
    const size_t skip = sizeof XMLNS - 1;
    if (a->name.size <= skip || memcmp(a->name.at, XMLNS, skip) != 0) return;
    for (int s = IBX_XMP_UNKNOWN + 1; s < IBX_XMP_SPACES; s++)
        if (names->count < IBX_XMP_PREFIXES && ibx_piece_is(a->value, ibx_xmp_uri(s))) {
            names->prefix[names->count].prefix =
                (ibx_piece){a->name.at + skip, a->name.size - skip};
            names->prefix[names->count++].space = s;
        }
}

bool ibx_xmp_names_read(ibx_xmp_names *names, ibx_piece packet) {
    ibx_xml x = ibx_xml_begin(packet);
    ibx_xml_kind kind;
    bool any = false;
    names->count = 0;
    while ((kind = ibx_xml_next(&x)) != IBX_XML_END) {
        if (kind == IBX_XML_BAD) return false;
        ibx_attribute a;
        size_t at = 0;
        any |= kind == IBX_XML_OPEN;
        while (kind == IBX_XML_OPEN && ibx_xml_attribute(&x, &at, &a)) note(names, &a);
    }
    return any;
}

ibx_xmp_space ibx_xmp_lookup(const ibx_xmp_names *names, ibx_piece name, ibx_piece *local) {
    const char *colon = memchr(name.at, ':', name.size);
    if (!colon) return IBX_XMP_UNKNOWN;
    const size_t prefix = (size_t)(colon - name.at);
    *local = (ibx_piece){colon + 1, name.size - prefix - 1};
    for (int i = 0; i < names->count; i++) {
        const ibx_piece *p = &names->prefix[i].prefix;
        if (p->size == prefix && memcmp(p->at, name.at, prefix) == 0) return names->prefix[i].space;
    }
    return IBX_XMP_UNKNOWN;
}
