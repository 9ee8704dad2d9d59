# cmake -DFOLDER=rules/world -DOUTPUT=FILE.c -P embed.cmake: the rule files as C arrays.
file(GLOB files ${FOLDER}/*.yaml)
list(SORT files)
set(arrays "")
set(rows "")
set(count 0)
foreach(path ${files})
  get_filename_component(name ${path} NAME)
  file(READ ${path} bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "static const unsigned char file_${count}[] = {\n${bytes}\n};\n")
  string(APPEND rows "    {\"rules/world/${name}\", file_${count}, sizeof(file_${count})},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE ${OUTPUT}
     "/* Made from rules/world/ by sandbox/world/answers/embed.cmake. */\n"
     "#include \"sandbox/world/answers/internal.h\"\n\n${arrays}\n"
     "const struct vb_rule_file vb_world_rules[] = {\n${rows}};\n"
     "const size_t vb_world_rules_count = ${count};\n")
