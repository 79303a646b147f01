#include "compiler/driver/driver.h"

#include <gtest/gtest.h>

#include <cstring>

// With --driver first this program is the command line itself, over the networks of networks.cpp: so tests
// run it as a process of its own.
int main(int argc, char **argv) {
    if (argc > 1 && std::strcmp(argv[1], "--driver") == 0) {
        char name[] = "quantide";
        argv[1] = name;
        return quantide::run_driver(argc - 1, argv + 1);
    }
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
