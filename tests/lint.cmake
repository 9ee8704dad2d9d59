# Checks of the source tree and of what is built and installed from it. `./dev lint` runs the rest,
# which needs more tools.
# The distribution's own: its packages are what ./dev installs.
find_program(VETBOX_PYTHON3 python3 HINTS /usr/bin REQUIRED)

function(vb_script_test name)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
endfunction()

set(lint ${CMAKE_CURRENT_LIST_DIR}/lint)
# What reads only the source tree says the same whatever was built.
if(NOT VETBOX_SANITIZE)
  vb_script_test(lint.layering ${VETBOX_PYTHON3} -B ${lint}/layering.py ${PROJECT_SOURCE_DIR})
  vb_script_test(lint.text ${VETBOX_PYTHON3} -B ${lint}/text.py ${PROJECT_SOURCE_DIR})
  vb_script_test(lint.checks ${VETBOX_PYTHON3} -B ${lint}/test_lint.py)
  vb_script_test(lint.dev ${lint}/test_dev.sh ${PROJECT_SOURCE_DIR})
endif()
vb_script_test(lint.symbols sh ${lint}/symbols.sh ${PROJECT_BINARY_DIR})
vb_script_test(lint.install ${lint}/test_install.sh ${CMAKE_COMMAND} ${PROJECT_BINARY_DIR}
  ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_DATADIR} ${CMAKE_INSTALL_FULL_MANDIR}
  ${CMAKE_INSTALL_FULL_DOCDIR} ${CMAKE_INSTALL_FULL_LIBEXECDIR})
if(VETBOX_HARDEN)
  vb_script_test(lint.hardening ${lint}/test_hardening.sh $<TARGET_FILE:vetbox>)
  vb_script_test(lint.hardening_reader ${lint}/test_hardening.sh $<TARGET_FILE:vetbox-reader>)
endif()
