vb_unit_test(report unit/test_report.c LIBS vb_report vb_verdict vb_core)
vb_unit_test(live unit/test_live.c LIBS vb_report vb_verdict vb_core)

# The golden reports of tests/sim against their schema, where python3-jsonschema is at hand.
find_program(VETBOX_PYTHON3 python3 HINTS /usr/bin REQUIRED)
add_test(NAME report.schema COMMAND ${VETBOX_PYTHON3} -B ${CMAKE_CURRENT_LIST_DIR}/sim/check_schema.py
         ${PROJECT_SOURCE_DIR})
set_tests_properties(report.schema PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 60)

vb_unit_test(profile unit/test_profile.c LIBS vb_report vb_verdict vb_core PkgConfig::SECCOMP PkgConfig::JANSSON)
target_compile_definitions(test_profile PRIVATE SIM_DIR="${CMAKE_CURRENT_LIST_DIR}/sim")

# AppArmor's own parser on profiles of recorded logs, where it is at hand.
add_test(NAME report.apparmor
  COMMAND sh ${CMAKE_CURRENT_LIST_DIR}/cli/apparmor.sh $<TARGET_FILE:vetbox> ${PROJECT_SOURCE_DIR})
set_tests_properties(report.apparmor PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 60)
