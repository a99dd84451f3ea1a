/* floor.c - the processor time of the codecs alone: what no program can be below that decodes and
 * encodes the same files through the same libraries. race.py compiles and calls it:
 *
 *   floor jpeg-decode 0 FILE...        libjpeg-turbo, to RGB, from create to destroy (the entropy
 *                                      decoding of progressive files is done by its start)
 *   floor jpeg-encode QUALITY FILE...  the pixels of these JPEGs once more, sampled as they are,
 *                                      with the standard's Huffman tables
 *   floor png-inflate 0 FILE...        ISA-L over their IDAT chunks, libdeflate over the checksums
 *   floor png-deflate LEVEL FILE...    the filtered rows of these PNGs once more, by ISA-L
 *
 * The two of PNG leave out that rows are filtered, which is no library's work: a strict floor. Two
 * threads take a file each, as in a batch, and memory is touched before the clock runs. Prints the
 * seconds of both. */
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jpeglib.h>

enum { BLOCK = 1 << 18, MOST_ROWS = 16 };

typedef struct {
    unsigned char *data;
    size_t size;
} bytes;

static void give_up(const char *what, const char *name) {
    fprintf(stderr, "floor: %s: %s\n", name, what);
    exit(1);
}

static bytes room(size_t size) {
    bytes b = {malloc(size), size};
    if (!b.data) give_up("no memory", "malloc");
    memset(b.data, 1, size); /* no page of it is new when the clock runs */
    return b;
}

static bytes read_file(const char *name) {
    FILE *file = fopen(name, "rb");
    if (!file || fseek(file, 0, SEEK_END)) give_up("cannot be read", name);
    bytes b = room((size_t)ftell(file));
    rewind(file);
    if (fread(b.data, 1, b.size, file) != b.size) give_up("cannot be read", name);
    fclose(file);
    return b;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- JPEG --------------------------------------------------------------------------------- */

/* Decodes to RGB (gray stays gray): into `whole`, or every few rows over the last ones in `rows`
 * if it is NULL. The header's words stay in *jpeg until it is finished; destroy it. */
static void decode(struct jpeg_decompress_struct *jpeg, bytes file, bytes rows, bytes *whole) {
    jpeg_create_decompress(jpeg);
    jpeg_mem_src(jpeg, file.data, file.size);
    jpeg_read_header(jpeg, TRUE);
    jpeg_start_decompress(jpeg);
    const size_t stride = (size_t)jpeg->output_width * (size_t)jpeg->output_components;
    if (whole) *whole = rows = room(stride * jpeg->output_height);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row[MOST_ROWS];
        const size_t first = whole ? jpeg->output_scanline : 0;
        for (size_t i = 0; i < MOST_ROWS; i++) row[i] = rows.data + (first + i) * stride;
        jpeg_read_scanlines(jpeg, row, MOST_ROWS);
    }
}

static double jpeg_decode(const char *name, int unused) {
    (void)unused;
    struct jpeg_error_mgr errors;
    struct jpeg_decompress_struct jpeg = {.err = jpeg_std_error(&errors)};
    bytes file = read_file(name), rows = room((size_t)MOST_ROWS * JPEG_MAX_DIMENSION * 4);
    const double begun = now();
    decode(&jpeg, file, rows, NULL);
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    const double took = now() - begun;
    free(rows.data);
    free(file.data);
    return took;
}

static void encode(const struct jpeg_decompress_struct *from, bytes pixels, int quality,
                   bytes out) {
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct jpeg = {.err = jpeg_std_error(&errors)};
    unsigned long size = out.size;
    unsigned char *data = out.data;
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, &size);
    jpeg.image_width = from->output_width;
    jpeg.image_height = from->output_height;
    jpeg.input_components = from->output_components;
    jpeg.in_color_space = from->out_color_space;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, quality, TRUE);
    jpeg.comp_info[0].h_samp_factor = from->comp_info[0].h_samp_factor;
    jpeg.comp_info[0].v_samp_factor = from->comp_info[0].v_samp_factor;
    jpeg_start_compress(&jpeg, TRUE);
    const size_t stride = (size_t)jpeg.image_width * (size_t)jpeg.input_components;
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = pixels.data + jpeg.next_scanline * stride;
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    if (data != out.data) give_up("larger than expected", "jpeg-encode");
}

static double jpeg_encode(const char *name, int quality) {
    struct jpeg_error_mgr errors;
    struct jpeg_decompress_struct jpeg = {.err = jpeg_std_error(&errors)};
    bytes file = read_file(name), pixels;
    decode(&jpeg, file, (bytes){NULL, 0}, &pixels);
    bytes out = room(2 * file.size + BLOCK);
    const double begun = now();
    encode(&jpeg, pixels, quality, out);
    const double took = now() - begun;
    jpeg_destroy_decompress(&jpeg);
    free(out.data);
    free(pixels.data);
    free(file.data);
    return took;
}

/* ---- PNG ---------------------------------------------------------------------------------- */

static uint32_t big_endian(const unsigned char *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The next IDAT chunk at or after *at, its checksum compared; NULL data when there is none left. */
static bytes next_idat(bytes file, size_t *at) {
    while (*at + 12 <= file.size) {
        unsigned char *chunk = file.data + *at;
        const size_t size = big_endian(chunk);
        if (size > file.size - *at - 12) break;
        *at += size + 12;
        if (memcmp(chunk + 4, "IDAT", 4)) continue;
        if (libdeflate_crc32(0, chunk + 4, size + 4) != big_endian(chunk + 8 + size)) break;
        return (bytes){chunk + 8, size};
    }
    return (bytes){NULL, 0};
}

/* Inflates all IDAT chunks, block after block into `out`, or one behind another if it is `whole`.
 * Returns the number of bytes that came out. */
static size_t inflate(bytes file, bytes out, bool whole) {
    struct inflate_state state;
    size_t at = 8, made = 0;
    isal_inflate_init(&state);
    state.crc_flag = ISAL_ZLIB;
    for (bytes part = next_idat(file, &at); part.data; part = next_idat(file, &at)) {
        state.next_in = part.data;
        state.avail_in = (uint32_t)part.size;
        do {
            const size_t offset = whole ? made : 0;
            const size_t left = out.size - offset, most = left < BLOCK ? left : BLOCK;
            state.next_out = out.data + offset;
            state.avail_out = (uint32_t)most;
            if (isal_inflate(&state) != ISAL_DECOMP_OK) return 0;
            made += most - state.avail_out;
        } while (state.avail_out == 0 && state.block_state != ISAL_BLOCK_FINISH);
    }
    return state.block_state == ISAL_BLOCK_FINISH ? made : 0;
}

static double png_inflate(const char *name, int unused) {
    (void)unused;
    bytes file = read_file(name), out = room(BLOCK);
    const double begun = now();
    const size_t made = inflate(file, out, false);
    const double took = now() - begun;
    if (!made) give_up("is no PNG that ISA-L can inflate", name);
    free(out.data);
    free(file.data);
    return took;
}

/* Bytes of all filtered rows of a PNG without interlacing, from its header. */
static size_t filtered_size(bytes file) {
    static const size_t samples[7] = {1, 0, 3, 1, 2, 0, 4};
    const unsigned char *header = file.data + 16;
    const size_t bits = header[8] * samples[header[9] % 7] * big_endian(header);
    return (1 + (bits + 7) / 8) * big_endian(header + 4);
}

static void deflate(bytes rows, bytes out, bytes level_room, int level) {
    struct isal_zstream stream;
    isal_deflate_init(&stream);
    stream.level = (uint32_t)level;
    stream.level_buf = level_room.data;
    stream.level_buf_size = (uint32_t)level_room.size;
    stream.gzip_flag = IGZIP_ZLIB;
    uint32_t crc = 0;
    for (size_t at = 0; at < rows.size; at += BLOCK) {
        const size_t left = rows.size - at;
        stream.next_in = rows.data + at;
        stream.avail_in = (uint32_t)(left < BLOCK ? left : BLOCK);
        stream.end_of_stream = left <= BLOCK;
        do {
            stream.next_out = out.data;
            stream.avail_out = BLOCK;
            if (isal_deflate(&stream) != COMP_OK) give_up("cannot deflate", "ISA-L");
            crc = libdeflate_crc32(crc, out.data, BLOCK - stream.avail_out);
        } while (stream.avail_out == 0);
    }
}

static double png_deflate(const char *name, int level) {
    bytes file = read_file(name), rows = room(filtered_size(file));
    if (inflate(file, rows, true) != rows.size) give_up("is not as large as it says", name);
    bytes out = room(BLOCK), level_room = room(ISAL_DEF_LVL3_DEFAULT);
    const double begun = now();
    deflate(rows, out, level_room, level);
    const double took = now() - begun;
    free(level_room.data);
    free(out.data);
    free(rows.data);
    free(file.data);
    return took;
}

int main(int count, char **words) {
    static const struct {
        const char *name;
        double (*seconds)(const char *name, int number);
    } works[] = {{"jpeg-decode", jpeg_decode},
                 {"jpeg-encode", jpeg_encode},
                 {"png-inflate", png_inflate},
                 {"png-deflate", png_deflate}};
    for (size_t w = 0; count > 3 && w < sizeof works / sizeof *works; w++) {
        if (strcmp(words[1], works[w].name)) continue;
        double sum = 0;
#pragma omp parallel for schedule(dynamic) reduction(+ : sum) num_threads(2)
        for (int i = 3; i < count; i++) sum += works[w].seconds(words[i], atoi(words[2]));
        printf("%.4f\n", sum);
        return 0;
    }
    fprintf(stderr, "floor: usage: floor jpeg-decode|jpeg-encode|png-inflate|png-deflate "
                    "NUMBER FILE...\n");
    return 1;
}
