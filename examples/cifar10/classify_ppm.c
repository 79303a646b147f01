/* Says what a picture shows, with a network for CIFAR-10 that Quantide compiled. Plain C: needs cifar.h and libcifar.a.
 *
 *     quantide compile cifar_convnet --checkpoint cifar_convnet.safetensors --name cifar -o out
 *     cc -O2 -Iout classify_ppm.c out/libcifar.a -o classify_ppm
 *     ./classify_ppm picture.ppm
 *
 * The picture is a binary PPM (P6) of 32x32 pixels, such as ImageMagick's convert any.jpg -resize '32x32!' -depth 8
 * picture.ppm makes. The last line of what is printed is the likeliest class, the lines before it are all scores. */
#include "cifar.h"

#include <ctype.h>
#include <stdio.h>

enum { kSide = 32, kPixels = kSide * kSide, kChannels = 3 };

#if CIFAR_IN_ELEMENTS != 3 * 32 * 32 || CIFAR_OUT_ELEMENTS != 10
#error "expected a network of 8-bit images [3, 32, 32] and 10 classes"
#endif

static const char *const kClasses[CIFAR_OUT_ELEMENTS] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                                         "dog",      "frog",       "horse", "ship", "truck"};

/* The next character that belongs to no comment: those go from # to the end of the line. */
static int next_character(FILE *file)
{
    int c = fgetc(file);
    if (c == '#') {
        while (c != '\n' && c != '\r' && c != EOF) {
            c = fgetc(file);
        }
    }
    return c;
}

/* Reads a number of the header, white space before it and the one character behind it. Returns -1 for anything
 * else. */
static long read_number(FILE *file)
{
    long number = 0;
    int c = next_character(file), digits = 0;
    while (isspace(c)) {
        c = next_character(file);
    }
    for (; isdigit(c) && digits < 9; digits++) {
        number = 10 * number + (c - '0');
        c = next_character(file);
    }
    return digits > 0 && isspace(c) ? number : -1;
}

/* Reads the picture as the library wants it, one plane a color: the file has the three colors of each pixel behind
 * each other. Returns 0, or 1 after a line on stderr. */
static int read_picture(const char *path, FILE *file, uint8_t *planes)
{
    static uint8_t pixels[kPixels * kChannels + 1];
    const int first = fgetc(file), second = fgetc(file);
    long width, height, most;
    size_t found, i;
    if (first != 'P' || second != '6') {
        fprintf(stderr, "%s: expected a binary PPM picture, which starts with P6, found something else\n", path);
        return 1;
    }
    width = read_number(file);
    height = width < 0 ? -1 : read_number(file);
    most = height < 0 ? -1 : read_number(file);
    if (most < 0) {
        fprintf(stderr, "%s: expected a width, a height and a largest value behind P6, found something else\n", path);
        return 1;
    }
    if (width != kSide || height != kSide) {
        fprintf(stderr, "%s: expected %dx%d pixels, found %ldx%ld\n", path, kSide, kSide, width, height);
        return 1;
    }
    if (most != 255) {
        fprintf(stderr, "%s: expected a largest value of 255, found %ld\n", path, most);
        return 1;
    }
    found = fread(pixels, 1, sizeof pixels, file);
    if (found != sizeof pixels - 1) {
        fprintf(stderr, "%s: expected %zu bytes of pixels, found %zu%s\n", path, sizeof pixels - 1,
                found < sizeof pixels ? found : sizeof pixels - 1, found < sizeof pixels ? "" : " and more");
        return 1;
    }
    for (i = 0; i < kPixels * kChannels; i++) {
        planes[i % kChannels * kPixels + i / kChannels] = pixels[i];
    }
    return 0;
}

int main(int argc, char **argv)
{
    static uint8_t image[CIFAR_IN_ELEMENTS];
    static float scores[CIFAR_OUT_ELEMENTS];
    FILE *file;
    int status, c, best = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: %s picture.ppm\n", argv[0]);
        return 2;
    }
    file = fopen(argv[1], "rb");
    if (file == NULL) {
        fprintf(stderr, "%s: cannot be read\n", argv[1]);
        return 1;
    }
    status = read_picture(argv[1], file, image);
    fclose(file);
    if (status != 0) {
        return 1;
    }
    status = cifar_run_alloc(image, scores, 1);
    if (status != CIFAR_OK) {
        fprintf(stderr, "cifar_run: %s\n", cifar_status_string(status));
        return 1;
    }
    for (c = 0; c < CIFAR_OUT_ELEMENTS; c++) {
        printf("%-10s %.9g\n", kClasses[c], scores[c]);
        best = scores[c] > scores[best] ? c : best;
    }
    printf("%s\n", kClasses[best]);
    return 0;
}
