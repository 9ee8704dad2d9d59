# Attempts to escape: escape.def lists them, each has one file of its own. They are built without
# the house's other libraries and without sanitizers, as a package would bring them.
file(READ ${CMAKE_CURRENT_LIST_DIR}/live/escape/escape.def escape_table)
string(REGEX MATCHALL "ESCAPE\\(\"[a-z0-9-]+" escape_rows "${escape_table}")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             ${CMAKE_CURRENT_LIST_DIR}/live/escape/escape.def)
set(escape_folder ${PROJECT_BINARY_DIR}/tests/escape)
foreach(row ${escape_rows})
  string(REPLACE "ESCAPE(\"" "" name "${row}")
  set(source ${CMAKE_CURRENT_LIST_DIR}/live/escape/${name})
  if(EXISTS ${source}.sh)
    configure_file(${source}.sh ${escape_folder}/${name}/${name} COPYONLY)
    continue()
  endif()
  add_executable(escape_${name} ${source}.c)
  target_compile_definitions(escape_${name} PRIVATE _GNU_SOURCE)
  target_compile_options(escape_${name} PRIVATE -O1 -Wall -Wextra -Wshadow
                         $<$<BOOL:${VETBOX_WERROR}>:-Werror>)
  set_target_properties(escape_${name} PROPERTIES OUTPUT_NAME ${name}
                        RUNTIME_OUTPUT_DIRECTORY ${escape_folder}/${name})
  # The thieves are static: no loader, no library, nothing that could be watched from the inside.
  if(name MATCHES "^bait-")
    target_link_options(escape_${name} PRIVATE -static -s)
  endif()
  list(APPEND escape_programs escape_${name})
endforeach()

add_executable(escapes live/escapes.c live/escape_host.c)
target_link_libraries(escapes PRIVATE vb_core)
set_target_properties(escapes PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
add_dependencies(escapes ${escape_programs})

add_test(NAME live.escape COMMAND escapes $<TARGET_FILE:vetbox> ${escape_folder})
add_test(NAME live.escape.user
  COMMAND sh ${PROJECT_SOURCE_DIR}/tests/unit/as_user.sh $<TARGET_FILE:escapes>
          $<TARGET_FILE:vetbox> ${escape_folder})
set_tests_properties(live.escape live.escape.user PROPERTIES
  SKIP_RETURN_CODE 77 TIMEOUT 300 RESOURCE_LOCK boxes)

# "Contained" is what host_damage says: it must be able to say the other thing.
vb_unit_test(escape_host unit/test_escape_host.c live/escape_host.c LIBS vb_core)

# Floods: flood.def lists them, each has one file of its own, built in the same way.
file(READ ${CMAKE_CURRENT_LIST_DIR}/live/flood/flood.def flood_table)
string(REGEX MATCHALL "FLOOD\\(\"[a-z0-9-]+" flood_rows "${flood_table}")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             ${CMAKE_CURRENT_LIST_DIR}/live/flood/flood.def)
set(flood_folder ${PROJECT_BINARY_DIR}/tests/flood)
foreach(row ${flood_rows})
  string(REPLACE "FLOOD(\"" "" name "${row}")
  add_executable(flood_${name} live/flood/${name}.c)
  target_compile_definitions(flood_${name} PRIVATE _GNU_SOURCE)
  target_compile_options(flood_${name} PRIVATE -O1 -Wall -Wextra -Wshadow
                         $<$<BOOL:${VETBOX_WERROR}>:-Werror>)
  set_target_properties(flood_${name} PROPERTIES OUTPUT_NAME ${name}
                        RUNTIME_OUTPUT_DIRECTORY ${flood_folder}/${name})
  list(APPEND flood_programs flood_${name})
  list(APPEND flood_names ${name})
endforeach()

add_executable(floods live/floods.c live/leftovers.c live/escape_host.c)
target_link_libraries(floods PRIVATE vb_core)
set_target_properties(floods PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
add_dependencies(floods ${flood_programs})

# Each takes as long as its flood may last, whatever vetbox is built with: the sanitizers' builds see
# the same code in unit.box_limits and unit.recorder_limits.
if(NOT VETBOX_SANITIZE)
  add_test(NAME live.floods COMMAND floods $<TARGET_FILE:vetbox> ${flood_folder})
  # The three longest fill the log and the disk in the same way whoever started it.
  list(REMOVE_ITEM flood_names event-flooder denied-flooder file-filler)
  add_test(NAME live.floods.user
    COMMAND sh ${PROJECT_SOURCE_DIR}/tests/unit/as_user.sh $<TARGET_FILE:floods>
            $<TARGET_FILE:vetbox> ${flood_folder} ${flood_names})
  # They take what the machine has: nothing may run beside them.
  set_tests_properties(live.floods live.floods.user PROPERTIES
    SKIP_RETURN_CODE 77 TIMEOUT 600 RUN_SERIAL TRUE)
endif()

# Attacks on the world: attack.def lists them. Sanitizers' builds hold more memory than is measured
# here; they see the same code in fuzz.connection and unit.network.
if(NOT VETBOX_SANITIZE)
  add_executable(attacks live/attacks.c live/escape_host.c)
  target_link_libraries(attacks PRIVATE vb_core)
  set_target_properties(attacks PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_test(NAME live.attacks
    COMMAND attacks $<TARGET_FILE:vetbox> ${CMAKE_CURRENT_LIST_DIR}/live/attack)
  set_tests_properties(live.attacks PROPERTIES
    SKIP_RETURN_CODE 77 TIMEOUT 300 RESOURCE_LOCK boxes)
endif()

# Packages of every kind, and real MCP servers with what they depend on. The sanitizers' builds see
# the same code in the tests of the parts.
if(NOT VETBOX_SANITIZE)
  add_test(NAME live.kinds COMMAND ${VETBOX_PYTHON3} -B ${CMAKE_CURRENT_LIST_DIR}/live/kinds/kinds.py
                                   $<TARGET_FILE:vetbox>)
  add_test(NAME live.servers COMMAND ${VETBOX_PYTHON3} -B ${CMAKE_CURRENT_LIST_DIR}/live/servers.py
                                     $<TARGET_FILE:vetbox>)
  set_tests_properties(live.kinds live.servers PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
endif()

# Bundles in both directions between vetbox and sigstore-js, which is installed for this from the user's registry.
if(NOT VETBOX_SANITIZE)
  add_executable(sigstore_made live/sigstore_made.c unit/sigstore_helper.c unit/signatures_helper.c)
  target_link_libraries(sigstore_made PRIVATE vb_signatures vb_core PkgConfig::CMOCKA vb_flags)
  target_compile_definitions(sigstore_made PRIVATE VB_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  set_target_properties(sigstore_made PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_test(NAME live.sigstore COMMAND ${VETBOX_PYTHON3} -B ${CMAKE_CURRENT_LIST_DIR}/live/sigstore.py
                                      $<TARGET_FILE:vetbox> $<TARGET_FILE:sigstore_made>)
  set_tests_properties(live.sigstore PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
endif()
