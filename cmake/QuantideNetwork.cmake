# Stops with a message if the caller's cmake_parse_arguments(PARSE_ARGV ... arg ...) left anything over.
function(quantide_check_arguments call)
    foreach(found IN LISTS arg_UNPARSED_ARGUMENTS)
        list(JOIN ARGN ", " known)
        message(FATAL_ERROR "${call}: expected ${known}, found ${found}")
    endforeach()
    foreach(key IN LISTS arg_KEYWORDS_MISSING_VALUES)
        message(FATAL_ERROR "${call}: expected a value after ${key}, found none")
    endforeach()
endfunction()

# quantide_add_network(NAME SOURCES files...)
#
# The driver (train, eval, compile, inspect, bench, list) as the executable NAME with one's own networks in it.
function(quantide_add_network name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES")
    quantide_check_arguments("quantide_add_network(${name})" SOURCES)
    if(NOT arg_SOURCES)
        message(FATAL_ERROR "quantide_add_network(${name}): expected SOURCES with at least one file")
    endif()
    add_executable(${name} ${arg_SOURCES})
    target_compile_features(${name} PRIVATE cxx_std_20)
    target_link_libraries(${name} PRIVATE quantide::main)
endfunction()

# quantide_add_library(NAME NETWORK network CHECKPOINT file [TARGETS targets...] [DRIVER executable] [PARALLEL])
#
# Compiles a trained network in the build and makes NAME a library target to link, with its header
# `#include "network.h"`. DRIVER is a target of quantide_add_network; without it, the examples' driver. TARGETS is what
# `quantide compile --target` takes, "host" by default; of several, NAME is the one for CMAKE_SYSTEM_PROCESSOR, and
# the others lie beside it in NAME/TARGET/.
function(quantide_add_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "PARALLEL" "NETWORK;CHECKPOINT;DRIVER" "TARGETS")
    quantide_check_arguments("quantide_add_library(${name})" NETWORK CHECKPOINT DRIVER TARGETS PARALLEL)
    foreach(key NETWORK CHECKPOINT)
        if(NOT arg_${key})
            message(FATAL_ERROR "quantide_add_library(${name}): expected ${key}")
        endif()
    endforeach()
    if(NOT arg_DRIVER)
        set(arg_DRIVER quantide::quantide)
    endif()
    set(architecture x86-64)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
        set(architecture arm-64)
    endif()
    set(targets ${arg_TARGETS})
    if(NOT targets)
        set(targets ${architecture}-linux)
    endif()
    list(TRANSFORM targets REPLACE "^host$" "${architecture}-linux")
    list(REMOVE_DUPLICATES targets)
    set(ours ${targets})
    list(FILTER ours INCLUDE REGEX "^${architecture}-")
    if(NOT ours)
        message(FATAL_ERROR "quantide_add_library(${name}): expected a target for ${architecture}, found ${targets}")
    endif()
    list(GET ours 0 ours)

    set(top ${CMAKE_CURRENT_BINARY_DIR}/${name})
    set(directory ${top})
    list(LENGTH targets count)
    if(count GREATER 1)
        set(directory ${top}/${ours})
    endif()
    file(MAKE_DIRECTORY ${directory})
    set(archive ${directory}/lib${arg_NETWORK}.a)
    cmake_path(ABSOLUTE_PATH arg_CHECKPOINT BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    list(JOIN targets "," joined)
    add_custom_command(
        OUTPUT ${archive} ${directory}/${arg_NETWORK}.h
        COMMAND ${arg_DRIVER} compile ${arg_NETWORK} --checkpoint ${arg_CHECKPOINT} --target ${joined} -o ${top}
                $<$<BOOL:${arg_PARALLEL}>:--parallel>
        DEPENDS ${arg_DRIVER} ${arg_CHECKPOINT}
        COMMENT "Compiling the network ${arg_NETWORK} for ${joined}"
        COMMAND_EXPAND_LISTS VERBATIM)
    add_custom_target(${name}_compile DEPENDS ${archive} ${directory}/${arg_NETWORK}.h)

    add_library(${name} STATIC IMPORTED GLOBAL)
    set_target_properties(${name} PROPERTIES IMPORTED_LOCATION ${archive} INTERFACE_INCLUDE_DIRECTORIES ${directory})
    if(arg_PARALLEL)
        find_package(Threads REQUIRED)
        set_target_properties(${name} PROPERTIES INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS}")
    endif()
    add_dependencies(${name} ${name}_compile)
endfunction()
