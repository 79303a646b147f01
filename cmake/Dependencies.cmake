# What others wrote. Halide: that of CMAKE_PREFIX_PATH or Halide_DIR if set, of .venv, or of the system, in this order.
find_package(fmt REQUIRED)
find_package(ZLIB REQUIRED)
find_package(LibLZMA REQUIRED)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Threads REQUIRED)

# Halide's Python bindings are not used, nor is what they need.
set(CMAKE_DISABLE_FIND_PACKAGE_Halide_Python TRUE)
file(GLOB halide_wheel ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/halide/lib64/cmake/Halide)
find_package(Halide 21.0.0 QUIET HINTS ${halide_wheel} COMPONENTS shared)
if(NOT Halide_FOUND)
    message(FATAL_ERROR "Halide 21 was not found. tools/setup puts it into .venv, or set Halide_DIR.")
endif()
