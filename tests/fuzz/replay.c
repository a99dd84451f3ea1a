/* replay.c - main of a fuzz target that is built without libFuzzer: runs the files that are named
 * on the command line, so that CTest keeps once found cases fixed with any compiler. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) return perror(path), -1;
    const long size = ftell(file);
    rewind(file);
    uint8_t *data = size < 0 ? NULL : malloc((size_t)size + 1);
    const size_t got = data ? fread(data, 1, (size_t)size, file) : 0;
    fclose(file);
    if (!data || got != (size_t)size) return fprintf(stderr, "%s: cannot be read\n", path), -1;
    LLVMFuzzerTestOneInput(data, got);
    free(data);
    return 0;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        fprintf(stderr, "%s\n", argv[i]);
        if (run(argv[i]) != 0) return 1;
    }
    fprintf(stderr, "%d cases\n", argc - 1);
    return argc > 1 ? 0 : 1;
}
