# cmake -DFILES=a.yml;b.yml -DOUTPUT=FILE.c -P embed_behaviour.cmake: the Sigma rules that are built
# in, as C arrays, and the table of them.
set(arrays "")
set(rows "")
set(number 0)
foreach(file IN LISTS FILES)
  file(READ ${file} bytes HEX)
  string(LENGTH "${bytes}" digits)
  math(EXPR length "${digits} / 2")
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  get_filename_component(name ${file} NAME)
  string(APPEND arrays "static const unsigned char text_${number}[] = {\n${bytes}\n};\n")
  string(APPEND rows "    {\"rules/behaviour/${name}\", text_${number}, ${length}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT}
     "/* Made from rules/behaviour/ by verdict/embed_behaviour.cmake. */\n"
     "#include \"verdict/behaviour.h\"\n\n"
     "${arrays}\n"
     "size_t vb_behaviour_files(const struct vb_behaviour_file **ret)\n{\n"
     "    static const struct vb_behaviour_file rows[] = {\n${rows}    };\n"
     "    *ret = rows;\n    return VB_ARRAY_LEN(rows);\n}\n")
