/* Runs the library `net` on the images of a file and writes the scores to another: apply BATCH IN OUT. */
#include "net.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    const int32_t batch = argc == 4 ? (int32_t)atoi(argv[1]) : 0;
    const size_t count = (size_t)batch;
    FILE *from = argc == 4 ? fopen(argv[2], "rb") : NULL, *to = argc == 4 ? fopen(argv[3], "wb") : NULL;
    unsigned char *in = malloc(count * NET_IN_ELEMENTS * IN_BYTES), *out = malloc(count * NET_OUT_ELEMENTS * 4);
    int status;
    if (from == NULL || to == NULL || fread(in, NET_IN_ELEMENTS * IN_BYTES, count, from) != count) {
        return 1;
    }
    status = net_run_alloc((void *)in, (void *)out, batch);
    printf("%s %s\n", net_cpu_level(), net_status_string(status));
    if (fwrite(out, NET_OUT_ELEMENTS * 4, count, to) != count || fclose(to) != 0) {
        return 1;
    }
    fclose(from);
    free(in);
    free(out);
    return status;
}
