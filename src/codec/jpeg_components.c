/* jpeg_components.c - luma and chroma as a JPEG holds them: neither converted nor resampled.
 *
 * libjpeg hands them over, and takes them, in rows of MCUs: 8 rows of blocks' samples for every
 * vertical sampling factor. Blocks at the right and lower edge reach beyond the image, into what
 * strips of components have there. */
#include "codec/jpeg.h"

/* Logarithm of most / least if that is 1, 2 or 4; else -1. */
static int halvings(int most, int least) {
    return most == least ? 0 : most == 2 * least ? 1 : most == 4 * least ? 2 : -1;
}

ibx_chroma ibx_jpeg_chroma(j_decompress_ptr jpeg) {
    const jpeg_component_info *luma = jpeg->comp_info, *chroma = luma + 1;
    const ibx_chroma none = {false, 0, 0};
    if (jpeg->jpeg_color_space != JCS_YCbCr) return none;
    if (luma->h_samp_factor != jpeg->max_h_samp_factor ||
        luma->v_samp_factor != jpeg->max_v_samp_factor || jpeg->max_v_samp_factor > 2 ||
        chroma[0].h_samp_factor != chroma[1].h_samp_factor ||
        chroma[0].v_samp_factor != chroma[1].v_samp_factor)
        return none;
    const int x = halvings(luma->h_samp_factor, chroma->h_samp_factor);
    const int y = halvings(luma->v_samp_factor, chroma->v_samp_factor);
    return x < 0 || y < 0 ? none : (ibx_chroma){true, x, y};
}

/* Rows of an MCU: of each component as many as it has blocks there. */
typedef struct {
    JSAMPROW row[IBX_COMPONENTS][2 * DCTSIZE];
    JSAMPARRAY component[IBX_COMPONENTS];
} mcu_rows;

/* Those of the strips that start at row y of the strip of luma. */
static void point_to(mcu_rows *m, const jpeg_component_info *component, const ibx_strip *strip,
                     int y) {
    for (int c = 0; c < IBX_COMPONENTS; c++) {
        const int factor = component[c].v_samp_factor, top = y * factor / component->v_samp_factor;
        for (int i = 0; i < factor * DCTSIZE; i++)
            m->row[c][i] = strip[c].data + (size_t)(top + i) * strip[c].stride;
        m->component[c] = m->row[c];
    }
}

void ibx_jpeg_read_components(j_decompress_ptr jpeg, const ibx_strip strip[IBX_COMPONENTS]) {
    const int rows = jpeg->max_v_samp_factor * DCTSIZE;
    for (int y = (int)jpeg->output_scanline - strip->y; y < strip->rows; y += rows) {
        mcu_rows m;
        point_to(&m, jpeg->comp_info, strip, y);
        jpeg_read_raw_data(jpeg, m.component, (JDIMENSION)rows);
    }
}

/* The samples between the image and the end of its last blocks, which are `w` wide. */
static void complete_rows(const ibx_strip *s, int w) {
    for (int y = 0; y < s->rows && w > s->w; y++) {
        uint8_t *row = s->data + (size_t)y * s->stride;
        memset(row + s->w, row[s->w - 1], (size_t)(w - s->w));
    }
}

/* The rows below the image, up to `rows` of the strip. */
static void repeat_row(const ibx_strip *s, int w, int rows) {
    const uint8_t *last = s->data + (size_t)(s->rows - 1) * s->stride;
    for (int y = s->rows; y < rows; y++) memcpy(s->data + (size_t)y * s->stride, last, (size_t)w);
}

static void complete(const jpeg_component_info *component, const ibx_strip *strip, int mcus) {
    for (int c = 0; c < IBX_COMPONENTS; c++) {
        const int w = (int)component[c].width_in_blocks * DCTSIZE;
        complete_rows(&strip[c], w);
        repeat_row(&strip[c], w, mcus * component[c].v_samp_factor * DCTSIZE);
    }
}

void ibx_jpeg_write_components(j_compress_ptr jpeg, const ibx_strip strip[IBX_COMPONENTS]) {
    const int rows = jpeg->max_v_samp_factor * DCTSIZE;
    complete(jpeg->comp_info, strip, (strip->rows + rows - 1) / rows);
    for (int y = 0; y < strip->rows; y += rows) {
        mcu_rows m;
        point_to(&m, jpeg->comp_info, strip, y);
        jpeg_write_raw_data(jpeg, m.component, (JDIMENSION)rows);
    }
}
