# What the documents promise is what the program does.
vb_unit_test(docs ${CMAKE_CURRENT_LIST_DIR}/unit/test_docs.c LIBS vb_core PkgConfig::JANSSON)

# The distribution's own: its packages are what ./dev installs.
find_program(VETBOX_PYTHON3 python3 HINTS /usr/bin REQUIRED)
add_test(NAME docs.options COMMAND ${VETBOX_PYTHON3} -B ${CMAKE_CURRENT_LIST_DIR}/lint/test_options.py
         $<TARGET_FILE:vetbox> ${PROJECT_SOURCE_DIR})
set_tests_properties(docs.options PROPERTIES TIMEOUT 120)
add_test(NAME docs.log_schema COMMAND ${VETBOX_PYTHON3} -B
         ${CMAKE_CURRENT_LIST_DIR}/lint/test_log_schema.py $<TARGET_FILE:vetbox> ${PROJECT_SOURCE_DIR})
set_tests_properties(docs.log_schema PROPERTIES TIMEOUT 240 SKIP_RETURN_CODE 77)
add_test(NAME docs.readme COMMAND ${VETBOX_PYTHON3} -B
         ${CMAKE_CURRENT_LIST_DIR}/lint/test_readme.py $<TARGET_FILE:vetbox> ${PROJECT_SOURCE_DIR})
set_tests_properties(docs.readme PROPERTIES TIMEOUT 120 SKIP_RETURN_CODE 77)
add_test(NAME docs.layers COMMAND ${VETBOX_PYTHON3} -B ${CMAKE_CURRENT_LIST_DIR}/lint/test_layers.py
         $<TARGET_FILE:vetbox> ${PROJECT_SOURCE_DIR})
set_tests_properties(docs.layers PROPERTIES TIMEOUT 120)
