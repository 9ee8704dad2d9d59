# Every target links vb_flags: the language, the warnings and the hardening of the chosen preset.
add_library(vb_flags INTERFACE)
target_include_directories(vb_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
target_compile_definitions(vb_flags INTERFACE _GNU_SOURCE VETBOX_VERSION="${PROJECT_VERSION}")
target_compile_options(vb_flags INTERFACE
  -Wall -Wextra -Wshadow -Wvla -Wswitch-enum -Wmissing-prototypes -Wconversion -Wpointer-arith
  -Wstrict-prototypes -Wwrite-strings -fno-common
  -include ${PROJECT_SOURCE_DIR}/include/vetbox/core/banned.h)

if(VETBOX_WERROR)
  target_compile_options(vb_flags INTERFACE -Werror)
endif()

if(VETBOX_SANITIZE)
  # VB_SANITIZED adds the rows to the examiners' syscall filter that the sanitizer runtimes need;
  # a test holds that release builds do not have them.
  target_compile_definitions(vb_flags INTERFACE VB_SANITIZED=1)
  target_compile_options(vb_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined
                         -fno-omit-frame-pointer)
  target_link_options(vb_flags INTERFACE -fsanitize=address,undefined)
endif()

if(VETBOX_COVERAGE)
  target_compile_options(vb_flags INTERFACE --coverage)
  target_link_options(vb_flags INTERFACE --coverage)
endif()

if(VETBOX_FUZZ)
  target_compile_definitions(vb_flags INTERFACE VB_SANITIZED=1)
  target_compile_options(vb_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined)
  target_link_options(vb_flags INTERFACE -fsanitize=address,undefined)
endif()

if(VETBOX_HARDEN)
  target_compile_options(vb_flags INTERFACE -fPIE -fstack-protector-strong -fstack-clash-protection
                         -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  target_link_options(vb_flags INTERFACE $<IF:$<BOOL:$<TARGET_PROPERTY:VB_STATIC>>,-static-pie,-pie> -Wl,-z,relro,-z,now,-z,noexecstack)
endif()

# vb_room(NAME SOURCES... [LIBS ...]): one folder, one static library vb_NAME.
function(vb_room name)
  cmake_parse_arguments(ROOM "" "" "LIBS" ${ARGN})
  add_library(vb_${name} STATIC ${ROOM_UNPARSED_ARGUMENTS})
  target_link_libraries(vb_${name} PUBLIC vb_flags ${ROOM_LIBS})
endfunction()
