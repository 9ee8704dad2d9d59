vb_unit_test(syscalls unit/test_syscalls.c LIBS vb_sandbox)
foreach(name recorder recorder_hostile)
  vb_unit_test(${name} unit/test_${name}.c unit/recorder_harness.c LIBS vb_sandbox Threads::Threads)
endforeach()
