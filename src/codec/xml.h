/* xml.h - a scanner over XML text, enough to edit an XMP packet without taking it apart.
 *
 * It knows tags, attributes and text, and steps over comments, processing instructions and CDATA.
 * It refuses document types (no entities of one's own) and whatever is not nested. Nothing is
 * allocated; what it returns points into the text. Private to xmp.c. */
#ifndef IBX_CODEC_XML_H
#define IBX_CODEC_XML_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of the text. */
typedef struct {
    const char *at;
    size_t size;
} ibx_piece;

typedef enum { IBX_XML_END, IBX_XML_TEXT, IBX_XML_OPEN, IBX_XML_CLOSE, IBX_XML_BAD } ibx_xml_kind;

enum { IBX_XML_DEPTH = 64 };

typedef struct {
    const char *at, *end;
    ibx_piece token; /* the whole tag or text */
    ibx_piece name;  /* of the tag, with its prefix */
    bool empty;      /* OPEN of <a/>: no CLOSE follows */
    int depth;       /* elements that are open, those of OPEN and CLOSE included */
    ibx_piece open[IBX_XML_DEPTH];
    bool leave; /* the token was the end of an element */
} ibx_xml;

static inline ibx_xml ibx_xml_begin(ibx_piece text) {
    return (ibx_xml){.at = text.at, .end = text.at + text.size};
}

/* The next token. BAD: not well-formed, or nested too deep. */
ibx_xml_kind ibx_xml_next(ibx_xml *x);

/* Attributes of an OPEN token; *at starts as 0. `whole` is the attribute with the blanks in front
 * of it. False: no more, or not well-formed. */
typedef struct {
    ibx_piece whole, name, value;
} ibx_attribute;
bool ibx_xml_attribute(const ibx_xml *x, size_t *at, ibx_attribute *a);

#endif
