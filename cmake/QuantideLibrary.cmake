# quantide_library(NAME SOURCES patterns... [EXCLUDE regex] [PUBLIC libraries...] [PRIVATE libraries...])
#
# One library of the design's map. Its sources are all files that match the patterns; without any it is an empty
# interface, so that whoever links it still configures.
function(quantide_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "EXCLUDE" "SOURCES;PUBLIC;PRIVATE")
    file(GLOB sources CONFIGURE_DEPENDS ${arg_SOURCES})
    if(arg_EXCLUDE)
        list(FILTER sources EXCLUDE REGEX "${arg_EXCLUDE}")
    endif()
    if(sources)
        add_library(${name} STATIC ${sources})
        target_include_directories(${name} PUBLIC
            $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
            $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
            $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
            $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/quantide>)
        target_compile_features(${name} PUBLIC cxx_std_20)
        target_link_libraries(${name} PUBLIC ${arg_PUBLIC} PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:quantide_settings>)
        if("Halide::Halide" IN_LIST arg_PUBLIC)
            quantide_precompile_halide(${name})
        endif()
    else()
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE ${arg_PUBLIC} ${arg_PRIVATE})
    endif()
    string(REPLACE "quantide_" "" short ${name})
    set_target_properties(${name} PROPERTIES EXPORT_NAME ${short})
    add_library(quantide::${short} ALIAS ${name})
    set_property(GLOBAL APPEND PROPERTY QUANTIDE_LIBRARIES ${name})
endfunction()

# Halide.h costs about 2 s a file; precompiled once, 0.5 s.
function(quantide_precompile_halide name)
    get_property(owner GLOBAL PROPERTY QUANTIDE_PCH_OWNER)
    if(owner)
        target_precompile_headers(${name} REUSE_FROM ${owner})
    else()
        target_precompile_headers(${name} PRIVATE <Halide.h>)
        set_property(GLOBAL PROPERTY QUANTIDE_PCH_OWNER ${name})
    endif()
endfunction()
