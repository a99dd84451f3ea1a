/* kernels.c - one recipe over one picture in memory, by ibx_apply on one thread, as often as asked.
 * kernels.py compiles and talks to it:
 *
 *   kernels FILE WIDTH HEIGHT    FILE holds the picture: RGB, 8 bits, no padding
 *
 * Each line of standard input is a recipe; the answer is a line with seconds, width and height. The
 * result goes to FILE.imbrex when the line begins with "!". Memory stays with the process, so that
 * no new page is met between one run and the next; OpenCV is given an array to write to. The
 * picture lies in large pages, as numpy puts the one of OpenCV: in small ones, which lie anywhere,
 * it took a third longer to read in some processes. */
#include "imbrex.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static void give_up(const char *sentence) {
    fprintf(stderr, "kernels: %s\n", sentence);
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* What the last result lay in, for the next one as large. Else a heap that is kept would give each
 * of them new pages, as places that are left are too small to be aligned in. */
static struct {
    void *data;
    size_t size;
} last;

/* In place of the C library's, for the library, too. */
void *aligned_alloc(size_t alignment, size_t size) {
    void *data = last.data;
    if (!data || last.size != size)
        return posix_memalign(&data, alignment, size) == 0 ? data : NULL;
    last.data = NULL;
    return data;
}

/* Whole pages of 2 MiB. */
static size_t in_pages(size_t size) {
    const size_t page = (size_t)2 << 20;
    return (size + page - 1) / page * page;
}

static void *in_large_pages(size_t size) {
    void *data = aligned_alloc(in_pages(1), in_pages(size));
    if (data) madvise(data, in_pages(size), MADV_HUGEPAGE);
    return data;
}

static ibx_image load(const char *name, int w, int h) {
    ibx_image image = {
        .head = {.w = w,
                 .h = h,
                 .model = IBX_RGB,
                 .orientation = 1,
                 .depth = 8,
                 .shrink = 1,
                 .full_w = w,
                 .full_h = h},
        .sample = IBX_U8,
        .stride = (size_t)w * 3,
    };
    const size_t size = image.stride * (size_t)h;
    FILE *file = fopen(name, "rb");
    image.pixels = in_large_pages(size);
    if (!file || !image.pixels || fread(image.pixels, 1, size, file) != size)
        give_up("the picture cannot be read");
    fclose(file);
    return image;
}

static void save(const ibx_image *image, const char *picture) {
    char name[4096];
    snprintf(name, sizeof name, "%s.imbrex", picture);
    FILE *file = fopen(name, "wb");
    const size_t size = image->stride * (size_t)image->head.h;
    if (!file || fwrite(image->pixels, 1, size, file) != size || fclose(file))
        give_up("the result cannot be written");
}

static void answer(const char *line, const ibx_image *picture, const char *name) {
    ibx_error error = {0};
    ibx_image result = {0};
    const ibx_limits one_thread = {.threads = 1};
    ibx_recipe *recipe = ibx_recipe_parse(line + (*line == '!'), &error);
    const double begun = now();
    if (!recipe || !ibx_apply(recipe, picture, IBX_U8, &result, &one_thread, &error))
        give_up(error.text);
    printf("%.6f %d %d\n", now() - begun, result.head.w, result.head.h);
    if (*line == '!') save(&result, name);
    fflush(stdout);
    free(last.data);
    last.data = result.pixels;
    last.size = in_pages(result.stride * (size_t)result.head.h);
    result.pixels = NULL;
    ibx_image_free(&result);
    ibx_recipe_free(recipe);
}

int main(int count, char **words) {
    if (count != 4) give_up("usage: kernels FILE WIDTH HEIGHT");
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, -1);
    ibx_image picture = load(words[1], atoi(words[2]), atoi(words[3]));
    char line[1000];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        answer(line, &picture, words[1]);
    }
    free(picture.pixels);
    return 0;
}
