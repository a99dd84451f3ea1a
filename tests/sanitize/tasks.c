/* tasks.c - does ThreadSanitizer know what OpenMP tasks wait for?
 *
 *     tasks ordered     tasks that add to the same numbers one after another, by `depend`
 *     tasks racy        the same without `depend`
 *
 * In a ThreadSanitizer build the first must end without a report and the second with one. If the
 * first is reported, Archer is not at work and every other report is noise; if the second is not,
 * the sanitizer is blind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 3, TASKS = 200, NUMBERS = 6400 };

typedef struct {
    int numbers[NUMBERS];
    char turn; /* what the tasks depend on */
} image;

static void add(image *im, int k) {
    for (int i = 0; i < NUMBERS; i++) im->numbers[i] += k;
}

/* A task that makes tasks, as the engine has it. */
static void work(image *im, int ordered) {
    for (int k = 0; k < TASKS; k++) {
        if (ordered) {
#pragma omp task firstprivate(im, k) depend(inout : im->turn)
            add(im, k);
        } else {
#pragma omp task firstprivate(im, k)
            add(im, k);
        }
    }
#pragma omp taskwait
}

int main(int count, char **words) {
    const int ordered = count > 1 && strcmp(words[1], "ordered") == 0;
    image *images = calloc(IMAGES, sizeof *images);
    if (!images) return 2;
#pragma omp parallel num_threads(2)
#pragma omp single
    for (int i = 0; i < IMAGES; i++) {
#pragma omp task firstprivate(i)
        work(&images[i], ordered);
    }
    const int sum = images[0].numbers[0];
    free(images);
    printf("%d of %d\n", sum, TASKS * (TASKS - 1) / 2);
    return ordered && sum != TASKS * (TASKS - 1) / 2;
}
