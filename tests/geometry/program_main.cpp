#include "tests/geometry/program.h"

#include <cstdio>
#include <exception>

// The grid and the pairs of quantizers as one program, for a machine or an emulator elsewhere.
int main(int argc, char **argv) {
    if (argc != 4) {
        std::fputs("usage: geometry_program TARGET COMPILER FOLDER\nthen: FOLDER/program FOLDER/data\n",
                   stderr);
        return 2;
    }
    try {
        std::vector<quantide::Case> cases = quantide::geometry_cases();
        const std::vector<quantide::Case> &pairs = quantide::quantizer_pairs();
        cases.insert(cases.end(), pairs.begin(), pairs.end());
        quantide::write_geometry_program(cases, argv[1], argv[2], argv[3]);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "geometry_program: %s\n", error.what());
        return 1;
    }
    return 0;
}
