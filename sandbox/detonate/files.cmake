set(VB_DETONATE_FILES
  detonate/host.c
  detonate/interpreter.c
  detonate/mcp.c
  detonate/mcp_arguments.c
  detonate/mcp_call.c
  detonate/mcp_list.c
  detonate/mcp_message.c
  detonate/mcp_reply.c
  detonate/mcp_text.c
  detonate/plan.c
  detonate/servers.c)

# What runs TypeScript, and code for Windows and macOS, in a box, each without the comment at its
# beginning, as a string literal.
foreach(runner typescript.js windows.pl)
  get_filename_component(name ${runner} NAME_WE)
  string(TOUPPER ${name} macro)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/${runner})
  file(READ ${CMAKE_CURRENT_LIST_DIR}/${runner} code)
  string(REGEX REPLACE "^((//|#)[^\n]*\n)+" "" code "${code}")
  string(HEX "${code}" code)
  string(REGEX REPLACE "(..)" "\\\\x\\1" code "${code}")
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/samples/${name}.inc
       CONTENT "#define VB_@macro@ \"@code@\"\n" @ONLY)
endforeach()
