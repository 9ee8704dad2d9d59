# box and detonate; recorder and bait have files of their own
foreach(part confine box detonate plan)
  vb_unit_test(${part} unit/test_${part}.c LIBS vb_sandbox vb_core)
endforeach()

# Root drops to a user of its own before it builds a box; an ordinary user does not. Where the tests
# run as root, the same tests run as an ordinary user too.
foreach(part confine box detonate)
  add_test(NAME unit.${part}.user
    COMMAND sh ${PROJECT_SOURCE_DIR}/tests/unit/as_user.sh $<TARGET_FILE:test_${part}>
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(unit.${part}.user PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120)
endforeach()

# They measure time and count processes: not next to each other.
set_tests_properties(unit.box unit.box.user unit.detonate unit.detonate.user PROPERTIES
  RESOURCE_LOCK boxes)
