/* The libraries `net` (STEPS steps) and `net2` (STEPS2) in one program. */
#include "chain.h"
#include "net.h"
#include "net2.h"

#include <stdio.h>
#include <string.h>

int main(void)
{
    static uint8_t in[9 * NET_IN_ELEMENTS + 9 * NET2_IN_ELEMENTS];
    static float out[9 * NET_OUT_ELEMENTS], out2[9 * NET2_OUT_ELEMENTS];
    int k, bad = 0;
    for (k = 0; k < (int)sizeof in; k++) {
        in[k] = chain_input(k);
    }
    bad += net_run_alloc(in, out, 9) != NET_OK || net2_run_alloc(in, out2, 9) != NET2_OK;
    for (k = 0; k < 9 * NET_OUT_ELEMENTS; k++) {
        bad += out[k] != chain_reference(in[k], k % NET_IN_ELEMENTS, STEPS);
    }
    for (k = 0; k < 9 * NET2_OUT_ELEMENTS; k++) {
        bad += out2[k] != chain_reference(in[k], k % NET2_IN_ELEMENTS, STEPS2);
    }
    bad += strstr(net2_version(), "network net2") == NULL;
    printf("%d wrong\n", bad);
    return bad != 0;
}
