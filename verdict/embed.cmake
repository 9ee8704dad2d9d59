# cmake -DNAMES=a;b -DFILES=a.yaml;b.yaml -DOUTPUT=FILE.c -P embed.cmake: the policies that are built
# in, as C arrays, and the table of them. Its first comment line says what a policy is for.
set(arrays "")
set(rows "")
foreach(name file IN ZIP_LISTS NAMES FILES)
  file(READ ${file} bytes HEX)
  string(LENGTH "${bytes}" digits)
  math(EXPR length "${digits} / 2")
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  file(STRINGS ${file} about LIMIT_COUNT 1)
  string(REGEX REPLACE "^# [^:]*: " "" about "${about}")
  string(APPEND arrays "static const unsigned char ${name}_text[] = {\n${bytes}\n};\n")
  string(APPEND rows "    {\"${name}\", \"${about}\", ${name}_text, ${length}},\n")
endforeach()
file(WRITE ${OUTPUT}
     "/* Made from rules/ by verdict/embed.cmake. */\n"
     "#include \"vetbox/verdict.h\"\n\n"
     "${arrays}\n"
     "size_t vb_policy_profiles(const struct vb_policy_profile **ret)\n{\n"
     "    static const struct vb_policy_profile rows[] = {\n${rows}    };\n"
     "    *ret = rows;\n    return VB_ARRAY_LEN(rows);\n}\n")
