# What others wrote. Halide: one that CMake finds by itself if its version fits, else that of the project's .venv.
find_package(fmt REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Threads REQUIRED)

if(NOT QUANTIDE_SANITIZE)
    file(GLOB halide_wheel ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/halide/lib64/cmake/Halide)
    find_package(Halide 21.0.0 QUIET PATHS ${halide_wheel} COMPONENTS shared)
    if(NOT Halide_FOUND)
        message(FATAL_ERROR "Halide 21 was not found. tools/setup puts it into .venv, or set Halide_DIR.")
    endif()
endif()
