# Libraries, headers, the driver and the data sets that ship; a CMake package and a pkg-config file for them.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/quantide)

get_property(libraries GLOBAL PROPERTY QUANTIDE_LIBRARIES)
# The driver finds Halide where this build did. (CMAKE_INSTALL_RPATH_USE_LINK_PATH would leave out .venv, which lies
# in the source tree.)
set_target_properties(quantide PROPERTIES INSTALL_RPATH $<TARGET_FILE_DIR:Halide::Halide>)
install(TARGETS ${libraries} quantide EXPORT quantide)
install(EXPORT quantide NAMESPACE quantide:: DESTINATION ${package_dir} FILE quantideTargets.cmake)
foreach(folder compiler dsl examples/common runtime schedules training)
    cmake_path(GET folder PARENT_PATH parent)
    install(DIRECTORY ${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/quantide/${parent}
        FILES_MATCHING PATTERN *.h PATTERN *.inc)
endforeach()
install(FILES ${PROJECT_BINARY_DIR}/include/quantide/dsl.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/quantide)
install(DIRECTORY examples/data/ DESTINATION ${CMAKE_INSTALL_DATADIR}/quantide)

set(data_dir ${CMAKE_INSTALL_DATADIR}/quantide)
configure_package_config_file(cmake/quantideConfig.cmake.in quantideConfig.cmake
    INSTALL_DESTINATION ${package_dir} PATH_VARS data_dir NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(quantideConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    ${PROJECT_BINARY_DIR}/quantideConfig.cmake
    ${PROJECT_BINARY_DIR}/quantideConfigVersion.cmake
    ${PROJECT_SOURCE_DIR}/cmake/QuantideNetwork.cmake
    DESTINATION ${package_dir})

# The archives in one group: a linker line has no order to get wrong.
set(archives)
foreach(library IN LISTS libraries)
    get_target_property(type ${library} TYPE)
    if(type STREQUAL STATIC_LIBRARY)
        string(APPEND archives " -l${library}")
    endif()
endforeach()
configure_file(cmake/quantide.pc.in quantide.pc.configured @ONLY)
file(GENERATE OUTPUT quantide.pc INPUT ${PROJECT_BINARY_DIR}/quantide.pc.configured)
install(FILES ${PROJECT_BINARY_DIR}/quantide.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
