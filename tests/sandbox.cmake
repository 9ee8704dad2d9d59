# box and detonate; recorder and bait have files of their own
foreach(part capture replay cgroup confine courier_child detonate host insider mcp network plan time keystore zygote dns cipher respond_tools mcp_http)
  vb_unit_test(${part} unit/test_${part}.c unit/slowness.c LIBS vb_sandbox vb_core)
endforeach()
foreach(part respond respond_rules dependency)
  vb_unit_test(${part} unit/test_${part}.c unit/respond_helper.c LIBS vb_sandbox vb_core)
endforeach()
# What test_zygote executes.
add_executable(zygote_program unit/zygote_program.c)
target_link_libraries(zygote_program PRIVATE vb_flags vb_sandbox vb_core)
set_target_properties(zygote_program PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
add_dependencies(test_zygote zygote_program)
set(box_parts box box_files box_limits box_leftovers)
foreach(part ${box_parts})
  vb_unit_test(${part} unit/test_${part}.c unit/box_harness.c unit/slowness.c
               LIBS vb_sandbox vb_core)
endforeach()

# Root drops to a user of its own before it builds a box; an ordinary user does not. Where the tests
# run as root, the same tests run as an ordinary user too.
foreach(part cgroup confine courier_child detonate network time zygote ${box_parts})
  add_test(NAME unit.${part}.user
    COMMAND sh ${PROJECT_SOURCE_DIR}/tests/unit/as_user.sh $<TARGET_FILE:test_${part}>
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(unit.${part}.user PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 120)
endforeach()

# What sends in the boxes of test_network, built as a package would bring it.
add_executable(sender live/sender.c)
target_compile_definitions(sender PRIVATE _GNU_SOURCE)
target_compile_options(sender PRIVATE -O1 -Wall -Wextra -Wshadow $<$<BOOL:${VETBOX_WERROR}>:-Werror>)
set_target_properties(sender PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
add_dependencies(test_network sender)

# What waits in the boxes of test_time; once as a program that needs no loader, where one can be linked.
include(CheckCSourceCompiles)
set(CMAKE_REQUIRED_LINK_OPTIONS -static)
check_c_source_compiles("int main(void) { return 0; }" VETBOX_HAS_STATIC_LIBC)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
set(waiters waiter)
if(VETBOX_HAS_STATIC_LIBC)
  list(APPEND waiters waiter_static)
endif()
foreach(waiter ${waiters})
  add_executable(${waiter} live/waiter.c)
  target_compile_definitions(${waiter} PRIVATE _GNU_SOURCE)
  target_compile_options(${waiter} PRIVATE -O1 -Wall -Wextra -Wshadow $<$<BOOL:${VETBOX_WERROR}>:-Werror>)
  target_link_libraries(${waiter} PRIVATE Threads::Threads)
  set_target_properties(${waiter} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_dependencies(test_time ${waiter})
endforeach()
if(VETBOX_HAS_STATIC_LIBC)
  target_link_options(waiter_static PRIVATE -static)
endif()

# They measure time and count processes: not next to each other.
foreach(part detonate time ${box_parts})
  set_tests_properties(unit.${part} unit.${part}.user PROPERTIES RESOURCE_LOCK boxes)
endforeach()

# Many boxes at once: nothing of any may be left. Status 77 is a skip, counted by ctest.
add_executable(test_concurrency live/concurrency.c live/leftovers.c)
target_link_libraries(test_concurrency PRIVATE vb_sandbox vb_core)
set_target_properties(test_concurrency PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
add_test(NAME live.concurrency COMMAND test_concurrency)
add_test(NAME live.concurrency.user
  COMMAND sh ${PROJECT_SOURCE_DIR}/tests/unit/as_user.sh $<TARGET_FILE:test_concurrency>
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
set_tests_properties(live.concurrency live.concurrency.user PROPERTIES SKIP_RETURN_CODE 77
  TIMEOUT 300 RESOURCE_LOCK boxes)
vb_unit_test(clients ${CMAKE_CURRENT_LIST_DIR}/unit/test_clients.c
             ${CMAKE_CURRENT_LIST_DIR}/unit/identify_helper.c LIBS vb_sandbox vb_identify vb_core)
