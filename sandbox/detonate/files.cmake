set(VB_DETONATE_FILES
  detonate/clients.c
  detonate/host.c
  detonate/insider.c
  detonate/hosted.c
  detonate/interpreter.c
  detonate/library.c
  detonate/mcp.c
  detonate/mcp_arguments.c
  detonate/mcp_call.c
  detonate/mcp_http.c
  detonate/mcp_list.c
  detonate/mcp_message.c
  detonate/mcp_reply.c
  detonate/mcp_text.c
  detonate/plan.c
  detonate/plan_candidates.c
  detonate/plan_left_out.c
  detonate/plan_rows.c
  detonate/servers.c
  detonate/setting.c)

# What loads plugins and extensions in a box, without its comments: host.inc has its bytes.
set(host ${CMAKE_CURRENT_LIST_DIR}/hosts/host.mjs)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${host})
file(READ ${host} bytes HEX)
string(REGEX REPLACE "(..)" "\\1 " bytes "${bytes}")
string(REGEX REPLACE "(^|0a )(20 )*2f 2f ([1-9a-f]. |0[1-9b-f] )*" "\\1" bytes "${bytes}")
string(REGEX REPLACE "(0a )+" "0a " bytes "${bytes}")
string(REGEX REPLACE "(..) " "0x\\1," bytes "${bytes}")
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/samples/host.inc CONTENT "@bytes@" @ONLY)

# What runs TypeScript, and code for Windows and macOS, in a box, each without the comment at its
# beginning, as a string literal.
foreach(runner typescript.js windows.pl)
  get_filename_component(name ${runner} NAME_WE)
  string(TOUPPER ${name} macro)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/${runner})
  file(READ ${CMAKE_CURRENT_LIST_DIR}/${runner} code)
  string(REGEX REPLACE "^((//|#)[^\n]*\n)+" "" code "${code}")
  if(code MATCHES "'")
    message(FATAL_ERROR "${runner} has a single quote: the shell scripts that it stands in end there")
  endif()
  string(HEX "${code}" code)
  string(REGEX REPLACE "(..)" "\\\\x\\1" code "${code}")
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/samples/${name}.inc
       CONTENT "#define VB_@macro@ \"@code@\"\n" @ONLY)
endforeach()
