# How everything of ours is compiled.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 99)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

# The generated code's time is Halide's affair; -O3 here only makes the build slower.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

add_library(quantide_settings INTERFACE)
target_compile_options(quantide_settings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Werror -ffp-contract=off)
if(QUANTIDE_SANITIZE)
    target_compile_options(quantide_settings INTERFACE
        -fsanitize=${QUANTIDE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g1)
    target_link_options(quantide_settings INTERFACE -fsanitize=${QUANTIDE_SANITIZE})
endif()

find_program(CCACHE ccache)
mark_as_advanced(CCACHE)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # A precompiled header is cached only with these.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

# <quantide/dsl.h>, here as in an installed copy.
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/include/quantide/dsl.h CONTENT "#pragma once\n#include \"dsl/dsl.h\"\n")
