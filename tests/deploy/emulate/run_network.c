/* Runs the library `network` over the rows in a file, at batches of several sizes, and compares every output with
 * those in a second file or, if there is a third argument, writes them there. */
#include "network.h"

#include <stdio.h>
#include <string.h>

static void *read_whole(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    char *result;
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(2);
    }
    *bytes = (size_t)ftell(file);
    rewind(file);
    result = malloc(*bytes + 1);
    if (result == NULL || fread(result, 1, *bytes, file) != *bytes) {
        perror(path);
        exit(2);
    }
    fclose(file);
    return result;
}

int main(int argc, char **argv)
{
    static const int sizes[] = {1, 2, 3, 9, 10, 11, 31, 32, 33, 100};
    const size_t out_row = NETWORK_OUT_ELEMENTS * sizeof(float);
    size_t bytes, expected_bytes = 0, rows, done = 0, wrong = 0, i, turn;
    const uint8_t *in = argc < 3 ? NULL : (const uint8_t *)read_whole(argv[1], &bytes);
    const uint32_t *expected = argc != 3 ? NULL : (const uint32_t *)read_whole(argv[2], &expected_bytes);
    uint32_t *out;
    if (in == NULL) {
        return 2;
    }
    rows = bytes / NETWORK_IN_ELEMENTS;
    out = malloc(rows * out_row);
    if (out == NULL || (argc == 3 && expected_bytes != rows * out_row)) {
        printf("expected %zu bytes of outputs, found %zu\n", rows * out_row, expected_bytes);
        return 2;
    }
    memset(out, 0xcd, rows * out_row);
    for (turn = 0; done < rows; turn++) {
        const size_t size = (size_t)sizes[turn % (sizeof sizes / sizeof *sizes)];
        const size_t batch = size < rows - done ? size : rows - done;
        const int status = network_run_alloc(in + done * NETWORK_IN_ELEMENTS,
                                             (float *)(out + done * NETWORK_OUT_ELEMENTS), (int32_t)batch);
        if (status != NETWORK_OK) {
            printf("%s\n", network_status_string(status));
            return 2;
        }
        done += batch;
    }
    if (argc > 3) {
        FILE *file = fopen(argv[3], "wb");
        return file == NULL || fwrite(out, out_row, rows, file) != rows || fclose(file) != 0;
    }
    for (i = 0; i < rows * NETWORK_OUT_ELEMENTS; i++) {
        wrong += out[i] != expected[i];
    }
    printf("level %s: %zu rows, %zu of %zu outputs differ\n", network_cpu_level(), rows, wrong,
           rows * NETWORK_OUT_ELEMENTS);
    return wrong != 0;
}
