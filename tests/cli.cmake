# Machines that restrict namespaces, for cli.restrictions.
add_executable(restricted cli/restricted.c)
target_link_libraries(restricted PRIVATE vb_core PkgConfig::SECCOMP PkgConfig::JANSSON)
set_target_properties(restricted PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)

# Another day, for cli.trust.
add_library(clock MODULE cli/clock.c)
target_link_libraries(clock PRIVATE vb_flags)
set_target_properties(clock PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)

vb_unit_test(cache unit/test_cache.c ${PROJECT_SOURCE_DIR}/cli/cache.c LIBS vb_core)
vb_unit_test(wants unit/test_wants.c ${PROJECT_SOURCE_DIR}/cli/wants.c LIBS vb_core)
vb_unit_test(repeats unit/test_repeats.c ${PROJECT_SOURCE_DIR}/cli/repeats.c LIBS vb_core)

# Whole commands. Status 77 is a skip, counted by ctest.
foreach(test usage bad_input examples replay several leftovers unpack run restrictions rootfs
        programs evasion world tells exfil network delegated nested dates persona live
        carried plan planted commands prompts mcp packages deps probes hosts served answered elsewhere windows bombs
        modules libraries kinds cached trust sign cms openpgp registry clawhub github skills policy profile rules yara_rules)
  # Mostly code in the boxes, which sanitizers do not see; ours is seen by the unit tests and fuzzers of
  # the same parts (mcp, mcp_http, plan, insider).
  if(VETBOX_SANITIZE AND test MATCHES "^(bombs|exfil|hosts|leftovers|served|libraries|modules|kinds)$")
    continue()
  endif()
  add_test(NAME cli.${test}
    COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/cli/${test}.sh $<TARGET_FILE:vetbox> ${PROJECT_SOURCE_DIR}
            ${PROJECT_BINARY_DIR})
  set_tests_properties(cli.${test} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
endforeach()
# It counts what is left on the machine, so nothing else may run beside it.
if(TEST cli.leftovers)
  set_tests_properties(cli.leftovers PROPERTIES RUN_SERIAL TRUE)
endif()
# docs/schema/policy.schema.json against the program, where python3-jsonschema is at hand.
find_program(VETBOX_PYTHON3 python3 HINTS /usr/bin REQUIRED)
add_test(NAME cli.policy_schema
  COMMAND ${VETBOX_PYTHON3} -B ${CMAKE_CURRENT_SOURCE_DIR}/cli/policy_schema.py $<TARGET_FILE:vetbox>
          ${PROJECT_SOURCE_DIR})
set_tests_properties(cli.policy_schema PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 240)
