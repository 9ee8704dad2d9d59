# cmake -DSOURCE=FILE -DOUTPUT=FILE.c -DNAME=ARRAY -DHEADER=FILE.h -P Embed.cmake: the bytes of SOURCE as the C array
# ARRAY and its ARRAY_len, which HEADER declares.
file(READ ${SOURCE} bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR length "${digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
cmake_path(GET SOURCE FILENAME file)
file(WRITE ${OUTPUT}
     "/* Made from ${file} by cmake/Embed.cmake. */\n"
     "#include \"${HEADER}\"\n\n"
     "const unsigned char ${NAME}[] = {\n${bytes}\n};\n"
     "const size_t ${NAME}_len = ${length};\n")
