vb_unit_test(syscalls unit/test_syscalls.c LIBS vb_sandbox)
foreach(name recorder recorder_process recorder_kept recorder_network recorder_hostile recorder_limits
        recorder_baits recorder_race)
  vb_unit_test(${name} unit/test_${name}.c unit/recorder_harness.c LIBS vb_sandbox Threads::Threads)
endforeach()

# For tests/bench/record; not a test.
add_executable(bench_box bench/bench_box.c)
target_link_libraries(bench_box PRIVATE vb_sandbox vb_core vb_flags)
set_target_properties(bench_box PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
