# One place for what every target is compiled with.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # pch_defines and time_macros: what ccache needs to know to cache precompiled headers. Base directory and no directory in
  # the hash: a build folder or a checkout elsewhere finds what another one compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  add_compile_options(-fpch-preprocess)
endif()

# Warnings are errors for developers only: a release is built by compilers that we do not know, with warnings of their own.
set(WARNINGS_ARE_ERRORS $<$<BOOL:${INGRESSFLEET_WERROR}>:-Werror>)
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual ${WARNINGS_ARE_ERRORS}
                    -Wno-missing-field-initializers)
add_compile_definitions(INGRESSFLEET_VERSION="${PROJECT_VERSION}")
if(INGRESSFLEET_SANITIZE)
  # g++ 12 reports false "may be used uninitialized" in instrumented library code.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
                      -Wno-maybe-uninitialized)
  add_link_options(-fsanitize=address,undefined)
endif()
# A binary needs at run time what it uses: the agent is linked with all of io and asks nothing by libcurl.
add_link_options(-Wl,--as-needed)
find_program(LLD ld.lld)
if(LLD)
  add_link_options(-fuse-ld=lld)
endif()
