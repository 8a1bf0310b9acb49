# ingressfleet_layer(NAME [DEPENDS layer|library...]): one static library for a folder of the architecture.
# Every .cc below the folder belongs to it, except main.cc; `#include "plan/render/service.h"` is relative to operator/ (or to the
# agent's folder). tests/structure checks that the include lines obey the layers.
function(ingressfleet_layer NAME)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${NAME}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  add_library(ingressfleet_${NAME} STATIC ${sources})
  target_include_directories(ingressfleet_${NAME} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(ingressfleet_${NAME} PUBLIC ${ARG_DEPENDS})
  ingressfleet_precompile(ingressfleet_${NAME})
endfunction()

# The few heavy headers that nearly every file includes, compiled once: everything links ingressfleet_base, so the
# definitions agree and one precompiled header serves all targets of a kind.
function(ingressfleet_precompile TARGET)
  if(NOT TARGET ingressfleet_pch)
    file(WRITE ${CMAKE_BINARY_DIR}/pch.cc "")
    add_library(ingressfleet_pch OBJECT ${CMAKE_BINARY_DIR}/pch.cc)
    target_link_libraries(ingressfleet_pch PRIVATE fmt::fmt spdlog::spdlog nlohmann_json::nlohmann_json Threads::Threads)
    target_precompile_headers(ingressfleet_pch PRIVATE
      "${PROJECT_SOURCE_DIR}/operator/base/json.h" <fmt/format.h> <tl/expected.hpp>
      <algorithm> <chrono> <functional> <map> <memory> <optional> <set> <string> <string_view> <vector>)
  endif()
  target_precompile_headers(${TARGET} REUSE_FROM ingressfleet_pch)
endfunction()
