# cmake -DSOURCE=FILE -DOUTPUT=FILE.c -P embed.cmake: the bytes of SOURCE as a C array.
file(READ ${SOURCE} bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR length "${digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT}
     "/* Made from rules/policy.yaml by verdict/embed.cmake. */\n"
     "#include \"verdict/internal.h\"\n\n"
     "const unsigned char vb_default_policy[] = {\n${bytes}\n};\n"
     "const size_t vb_default_policy_len = ${length};\n")
