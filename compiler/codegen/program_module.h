#pragma once
#include "compiler/codegen/target.h"
#include "compiler/lower/program.h"

#include <string>
#include <vector>

namespace quantide {

/** What NAME_run returns. A value that is not here is what a kernel returned. */
enum class Status : int { Ok, NullPointer, BadBatch, Misaligned, UnsupportedCpu, OutOfMemory };

/** A status as C code sees it. */
struct StatusText {
    Status status;
    const char *name;     ///< "NULL_POINTER"; the header puts the network's name before it
    const char *summary;  ///< what NAME_status_string says
};
const std::vector<StatusText> &all_statuses();

/** The type of a value's memory: codes below 8 bits take a byte each, or 32-bit words when packed. */
ElementType memory_type(const Value &value);

/** The largest batch of which no tensor outgrows the 31 bits that kernels index with. */
int32_t max_batch(const Program &program);

/** Bytes of scratch an image, a multiple of 64 and never 0, which stands for a batch out of range. */
int64_t scratch_bytes_per_image(const Program &program);

/** The symbol of a kernel of a level; `many`: the second of two, for large batches (see kernel_variants()).
 */
std::string kernel_symbol(const std::string &network, int kernel, const CpuLevel &level, bool many);

/** The name of the function that returns the CPU level's index; hidden in the library. */
std::string level_symbol(const std::string &network);

/** The name of the function that returns where the constants are; hidden in the library. */
std::string constants_symbol(const std::string &network);

/** The C parameters of NAME_run before scratch and batch, in order: inputs, then outputs. */
std::vector<std::string> parameter_names(const Program &program);

/** The program as an object: NAME_run, which checks its arguments, picks the level once and calls the
 * kernels in order, and the probe. `constant_offsets`: where each constant lies in the library's data. */
std::string compile_program(const Program &program, const std::string &network, const Target &target,
                            const std::vector<int64_t> &constant_offsets);

/** All that compile_program's result depends on. */
std::string program_text(const Program &program, const std::string &network, const Target &target,
                         const std::vector<int64_t> &constant_offsets);

}  // namespace quantide
