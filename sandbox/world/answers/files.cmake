# What the world answers over HTTP. The rules of rules/world/ are built in.
set(VB_ANSWER_FILES code dependency elf field git guess kinds match out pack packages pe project rules template view)
list(TRANSFORM VB_ANSWER_FILES PREPEND world/answers/)
list(TRANSFORM VB_ANSWER_FILES APPEND .c)
file(GLOB world_rules CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/rules/world/*.yaml)
set(world_rules_array ${CMAKE_CURRENT_BINARY_DIR}/world_rules.c)
add_custom_command(
  OUTPUT ${world_rules_array}
  COMMAND ${CMAKE_COMMAND} -DFOLDER=${PROJECT_SOURCE_DIR}/rules/world -DOUTPUT=${world_rules_array}
          -P ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
  DEPENDS ${world_rules} ${CMAKE_CURRENT_LIST_DIR}/embed.cmake
  VERBATIM)
list(APPEND VB_ANSWER_FILES ${world_rules_array})
