# Every tests/fuzz/fuzz_NAME.c is a fuzz target. Its first line names its libraries:
#   /* libs: vb_core vb_scan */
# Under VETBOX_FUZZ it becomes a libFuzzer program. In every other build the same source replays
# tests/fuzz/corpus/NAME as the test fuzz.NAME.
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/fuzz/fuzz_*.c)
foreach(source ${fuzz_sources})
  get_filename_component(target ${source} NAME_WE)
  string(REGEX REPLACE "^fuzz_" "" name ${target})
  file(STRINGS ${source} head LIMIT_COUNT 1)
  if(NOT head MATCHES "^/\\* libs: ([a-zA-Z0-9_: ]+) \\*/$")
    message(FATAL_ERROR "${source}: the first line must be /* libs: … */")
  endif()
  string(REPLACE " " ";" libs ${CMAKE_MATCH_1})
  add_executable(${target} ${source} ${CMAKE_CURRENT_LIST_DIR}/fuzz/sink.c)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_LIST_DIR})
  target_link_libraries(${target} PRIVATE ${libs} vb_core vb_flags)
  target_compile_options(${target} PRIVATE -Wno-missing-prototypes) # libFuzzer has no header
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(VETBOX_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${target} PRIVATE ${CMAKE_CURRENT_LIST_DIR}/fuzz/replay.c)
    add_test(NAME fuzz.${name} COMMAND ${target} ${CMAKE_CURRENT_LIST_DIR}/fuzz/corpus/${name})
    set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 120)
  endif()
endforeach()
