/* Classifies one handwritten digit with the library that Quantide made of my_network.cpp. */
#include "my_network.h"

#include <stdio.h>

static const uint8_t image[MY_NETWORK_IN_ELEMENTS] = {
    0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0, 0, 3, 15, 2, 0, 11, 8, 0, 0, 4, 12, 0, 0, 8, 8, 0,
    0, 5, 8, 0, 0, 9, 8, 0, 0, 4, 11, 0, 1, 12, 7, 0, 0, 2, 14, 5, 10, 12, 0, 0, 0, 0, 6, 13, 10, 0, 0, 0};

int main(void)
{
    float scores[MY_NETWORK_OUT_ELEMENTS];
    int digit = 0, c;
    const int status = my_network_run_alloc(image, scores, 1);
    if (status != MY_NETWORK_OK) {
        fprintf(stderr, "my_network: %s\n", my_network_status_string(status));
        return 1;
    }
    for (c = 1; c < MY_NETWORK_OUT_ELEMENTS; c++) {
        digit = scores[c] > scores[digit] ? c : digit;
    }
    printf("digit %d, by %s\n", digit, my_network_version());
    return 0;
}
