# Programs that the scripts in bench/ time things with; nothing here is a test.
add_executable(bench_box_start bench/box_start.c)
target_link_libraries(bench_box_start PRIVATE vb_sandbox vb_core vb_flags)
