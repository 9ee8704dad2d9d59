# Programs that the scripts in bench/ time things with; nothing here is a test.
add_executable(bench_box_start bench/box_start.c)
target_link_libraries(bench_box_start PRIVATE vb_sandbox vb_core vb_flags)

add_executable(bench_libarchive bench/libarchive_sha256.c)
target_link_libraries(bench_libarchive PRIVATE vb_core PkgConfig::ARCHIVE PkgConfig::CRYPTO vb_flags)
set_target_properties(bench_libarchive PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)

add_executable(bench_match bench/bench_match.c)
target_link_libraries(bench_match PRIVATE vb_sandbox PkgConfig::BROTLI_ENCODER vb_core vb_flags)
set_target_properties(bench_match PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)

add_executable(bench_signatures bench/bench_signatures.c)
target_link_libraries(bench_signatures PRIVATE vb_signatures vb_core vb_flags)
set_target_properties(bench_signatures PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)

add_executable(bench_sigma bench/bench_sigma.c)
target_link_libraries(bench_sigma PRIVATE vb_verdict vb_core vb_flags)
set_target_properties(bench_sigma PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)

add_executable(bench_textmodel bench/bench_textmodel.c)
target_link_libraries(bench_textmodel PRIVATE vb_scan vb_core vb_flags)
set_target_properties(bench_textmodel PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
