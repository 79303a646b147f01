#include "compiler/driver/driver.h"

int main(int argc, char **argv) { return quantide::run_driver(argc, argv); }
