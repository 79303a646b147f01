# quantide_add_network(NAME SOURCES files...)
#
# The driver (train, eval, compile, inspect, bench, list) as the executable NAME with one's own networks in it.
function(quantide_add_network name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES")
    if(NOT arg_SOURCES)
        message(FATAL_ERROR "quantide_add_network(${name}): expected SOURCES with at least one file")
    endif()
    add_executable(${name} ${arg_SOURCES})
    target_compile_features(${name} PRIVATE cxx_std_20)
    target_link_libraries(${name} PRIVATE quantide::main)
endfunction()

# quantide_add_library(NAME NETWORK network CHECKPOINT file [TARGETS targets...] [DRIVER executable] [PARALLEL])
#
# Compiles a trained network in the build and makes NAME a library target to link: its header is
# `#include "network.h"`. DRIVER is a target of quantide_add_network; without it the examples' driver.
# TARGETS is what `quantide compile --target` takes, "host" by default. Several architectures give one archive each;
# NAME links the one of CMAKE_SYSTEM_PROCESSOR.
function(quantide_add_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "PARALLEL" "NETWORK;CHECKPOINT;DRIVER" "TARGETS")
    foreach(key NETWORK CHECKPOINT)
        if(NOT arg_${key})
            message(FATAL_ERROR "quantide_add_library(${name}): expected ${key}")
        endif()
    endforeach()
    if(NOT arg_TARGETS)
        set(arg_TARGETS host)
    endif()
    if(NOT arg_DRIVER)
        set(arg_DRIVER quantide::driver)
    endif()
    cmake_path(ABSOLUTE_PATH arg_CHECKPOINT BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})

    set(directory ${CMAKE_CURRENT_BINARY_DIR}/${name})
    set(archive ${directory}/lib${arg_NETWORK}.a)
    set(header ${directory}/${arg_NETWORK}.h)
    list(JOIN arg_TARGETS "," targets)
    add_custom_command(
        OUTPUT ${archive} ${header}
        COMMAND ${arg_DRIVER} compile ${arg_NETWORK} --checkpoint ${arg_CHECKPOINT} --target ${targets} -o ${directory}
                $<$<BOOL:${arg_PARALLEL}>:--parallel>
        DEPENDS ${arg_DRIVER} ${arg_CHECKPOINT}
        COMMENT "Compiling the network ${arg_NETWORK} for ${targets}"
        COMMAND_EXPAND_LISTS VERBATIM)
    add_custom_target(${name}_compile DEPENDS ${archive} ${header})
    file(MAKE_DIRECTORY ${directory})
    add_library(${name} STATIC IMPORTED)
    set_target_properties(${name} PROPERTIES IMPORTED_LOCATION ${archive} INTERFACE_INCLUDE_DIRECTORIES ${directory})
    if(arg_PARALLEL)
        find_package(Threads REQUIRED)
        target_link_libraries(${name} INTERFACE Threads::Threads)
    endif()
    add_dependencies(${name} ${name}_compile)
endfunction()
