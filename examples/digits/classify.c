/* Runs the compiled network on a file of handwritten digits. Plain C: needs digits.h and libdigits.a only.
 *
 *     cc -O2 classify.c libdigits.a -o classify
 *     ./classify optdigits.tes [scores.f32]
 *
 * Each line of the first file is 64 pixels of 0 to 16 and the digit, separated by commas. The second file holds the
 * scores that training's evaluation gave, float32; they are compared bit for bit. */
#include "digits.h"

#include <stdio.h>
#include <string.h>

enum { kPixels = DIGITS_IN_ELEMENTS, kClasses = DIGITS_OUT_ELEMENTS, kMaxImages = 10000 };

static uint8_t images[kMaxImages][kPixels];
static int labels[kMaxImages];
static float scores[kMaxImages][kClasses];
static float expected[kMaxImages][kClasses];

/* Returns the number of images, -1 for a file that is not as expected. */
static int read_digits(const char *path)
{
    FILE *file = fopen(path, "r");
    int count = 0, pixel = 0, value;
    if (file == NULL) {
        return -1;
    }
    while (count < kMaxImages && fscanf(file, "%d%*[,\n]", &value) == 1) {
        if (value < 0 || value > 16) {
            count = -1;
            break;
        }
        if (pixel < kPixels) {
            images[count][pixel++] = (uint8_t)value;
        } else {
            labels[count++] = value;
            pixel = 0;
        }
    }
    fclose(file);
    return pixel == 0 ? count : -1;
}

static int best_class(const float *s)
{
    int best = 0, c;
    for (c = 1; c < kClasses; c++) {
        best = s[c] > s[best] ? c : best;
    }
    return best;
}

/* Compares the scores with those of the file; returns the exit status. */
static int compare(const char *path, int count)
{
    FILE *file = fopen(path, "rb");
    size_t i, equal = 0, all = (size_t)count * kClasses;
    const size_t found = file == NULL ? 0 : fread(expected, sizeof(float), all + 1, file);
    if (file != NULL) {
        fclose(file);
    }
    if (found != all) {
        fprintf(stderr, "%s: expected %zu float32 scores, found %zu or more\n", path, all, found);
        return 1;
    }
    for (i = 0; i < all; i++) {
        equal += memcmp(&scores[0][0] + i, &expected[0][0] + i, sizeof(float)) == 0;
    }
    printf("outputs equal bit for bit to training's: %zu of %zu\n", equal, all);
    return equal == all ? 0 : 1;
}

int main(int argc, char **argv)
{
    int count, i, status, wrong = 0;
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: %s optdigits.tes [scores.f32]\n", argv[0]);
        return 2;
    }
    count = read_digits(argv[1]);
    if (count <= 0) {
        fprintf(stderr, "%s: expected lines of %d pixels of 0 to 16 and a digit\n", argv[1], kPixels);
        return 1;
    }
    status = digits_run_alloc(images[0], scores[0], count);
    if (status != DIGITS_OK) {
        fprintf(stderr, "digits_run: %s\n", digits_status_string(status));
        return 1;
    }
    for (i = 0; i < count; i++) {
        wrong += best_class(scores[i]) != labels[i];
    }
    printf("library: %s, code for %s\n", digits_version(), digits_cpu_level());
    printf("%zu bytes of weights, thresholds and batch norms\n", digits_weight_bytes());
    printf("test error from the library: %.2f %% (%d of %d images)\n", 100.0 * wrong / count, wrong, count);
    return argc == 3 ? compare(argv[2], count) : 0;
}
