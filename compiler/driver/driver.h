#pragma once

namespace quantide {

/** The command line `quantide` over the networks that are linked into this program: all that main() does.
 * Returns the exit status: 0 fine; 1 failed, or something named is unknown or wrong; 2 the command line is
 * incomplete. It never throws. */
int run_driver(int argc, char **argv);

}  // namespace quantide
