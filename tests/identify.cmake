# identify: what packages are, and what in them executes or instructs.
foreach(part identify identify_frontmatter identify_text identify_notation identify_limits
             identify_declares identify_fields identify_carriers identify_build identify_follow)
  vb_unit_test(${part} ${CMAKE_CURRENT_LIST_DIR}/unit/test_${part}.c
               ${CMAKE_CURRENT_LIST_DIR}/unit/identify_helper.c LIBS vb_identify vb_core)
endforeach()
vb_unit_test(fill ${CMAKE_CURRENT_LIST_DIR}/unit/test_fill.c LIBS vb_identify vb_core)
vb_unit_test(usage ${CMAKE_CURRENT_LIST_DIR}/unit/test_usage.c
             ${CMAKE_CURRENT_LIST_DIR}/unit/identify_helper.c LIBS vb_identify vb_core)
