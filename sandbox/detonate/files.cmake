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

# What runs TypeScript in a box, without the comment at its beginning, as a string literal.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/typescript.js)
file(READ ${CMAKE_CURRENT_LIST_DIR}/typescript.js runner)
string(REGEX REPLACE "^(//[^\n]*\n)+" "" runner "${runner}")
string(HEX "${runner}" runner)
string(REGEX REPLACE "(..)" "\\\\x\\1" runner "${runner}")
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/samples/typescript.inc
     CONTENT "#define VB_TYPESCRIPT \"@runner@\"\n" @ONLY)
