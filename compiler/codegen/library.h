#pragma once
#include "compiler/codegen/cache.h"
#include "compiler/codegen/jit.h"
#include "compiler/codegen/target.h"
#include "compiler/lower/program.h"

#include <string>

namespace quantide {

struct LibraryOptions {
    Target target = find_target("host");
    /** Calls use several threads; the library then needs pthreads. */
    bool parallel = false;
    CodeCache cache = CodeCache::standard();
    /** For compiling; 0: all. */
    int threads = 0;
    /** Null: lower_group. */
    LowerGroup lower = nullptr;
};

/** A compiled network, in memory. The same program and options give the same bytes. */
struct Library {
    std::string name;
    std::string header;   ///< text of NAME.h
    std::string archive;  ///< bytes of libNAME.a
    int kernels = 0;      ///< distinct kernels, each level's counted
    int compiled = 0;     ///< those of them that were not in the cache
    int64_t weight_bytes = 0;
};

/** Compiles a program ahead of time; program.graph.name is the library's. Throws CompileError if that is no
 * C identifier. */
Library compile_library(const Program &program, const LibraryOptions &options);

/** Writes NAME.h and libNAME.a to `directory`, making it if needed. Throws CompileError. */
void write_library(const Library &library, const std::string &directory);

}  // namespace quantide
