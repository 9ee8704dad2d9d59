vb_unit_test(unpack unit/test_unpack.c unit/unpack_maker.c LIBS vb_unpack PkgConfig::ARCHIVE)
vb_unit_test(unpack_hostile unit/test_unpack_hostile.c unit/unpack_maker.c
  LIBS vb_unpack PkgConfig::ARCHIVE)
pkg_check_modules(BROTLI_ENCODER REQUIRED IMPORTED_TARGET libbrotlienc)
vb_unit_test(unpack_nested unit/test_unpack_nested.c unit/unpack_maker.c
  LIBS vb_unpack PkgConfig::ARCHIVE PkgConfig::BROTLI_ENCODER)
vb_unit_test(unpack_locked unit/test_unpack_locked.c unit/unpack_maker.c
  LIBS vb_unpack PkgConfig::ARCHIVE)
vb_unit_test(unpack_vectors unit/test_unpack_vectors.c unit/unpack_maker.c
  LIBS vb_unpack PkgConfig::ARCHIVE)
# Short, interrupted and slow reads are made by the test's own pread.
target_link_options(test_unpack PRIVATE -Wl,--wrap=pread)

# Archives made by code at test time, none in the repository: tests/fixtures/archives.
find_program(VETBOX_PYTHON3 python3 HINTS /usr/bin REQUIRED)
set(archives ${CMAKE_CURRENT_LIST_DIR}/fixtures/archives)
set(zips ${PROJECT_BINARY_DIR}/tests/zips)
add_test(NAME archives.zips COMMAND ${VETBOX_PYTHON3} -B ${archives}/make_zips.py ${zips})
set_tests_properties(archives.zips PROPERTIES FIXTURES_SETUP zips)
vb_unit_test(unpack_zips unit/test_unpack_zips.c unit/unpack_maker.c
  LIBS vb_unpack PkgConfig::ARCHIVE)
set_tests_properties(unit.unpack_zips PROPERTIES FIXTURES_REQUIRED zips
  ENVIRONMENT VETBOX_ZIPS=${zips})
add_test(NAME archives.differential COMMAND ${VETBOX_PYTHON3} -B ${archives}/differential.py
         $<TARGET_FILE:vetbox> ${zips})
set_tests_properties(archives.differential PROPERTIES FIXTURES_REQUIRED zips SKIP_RETURN_CODE 77
  TIMEOUT 300)
foreach(part tricks readers honest)
  add_test(NAME unpack.tar_${part} COMMAND ${VETBOX_PYTHON3} -B
    ${archives}/test_tar_tricks.py $<TARGET_FILE:vetbox> ${part})
  set_tests_properties(unpack.tar_${part} PROPERTIES LABELS unpack TIMEOUT 300)
endforeach()

add_executable(sfx_stub unit/sfx_stub.c)
target_link_libraries(sfx_stub PRIVATE vb_flags)
add_test(NAME archives.self_extractors COMMAND ${VETBOX_PYTHON3} -B ${archives}/test_sfx.py
         $<TARGET_FILE:vetbox> $<TARGET_FILE:sfx_stub>)
set_tests_properties(archives.self_extractors PROPERTIES TIMEOUT 120)

add_test(NAME archives.vectors COMMAND ${VETBOX_PYTHON3} -B ${archives}/vectors.py
         $<TARGET_FILE:vetbox> ${PROJECT_SOURCE_DIR}/../shared/vectors)
set_tests_properties(archives.vectors PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)

# A sanitizer takes more memory than the bombs may.
if(NOT VETBOX_SANITIZE)
  set(bombs ${PROJECT_BINARY_DIR}/tests/bombs)
  add_test(NAME archives.make_bombs COMMAND ${VETBOX_PYTHON3} -B ${archives}/make_bombs.py ${bombs})
  set_tests_properties(archives.make_bombs PROPERTIES FIXTURES_SETUP bombs)
  add_test(NAME archives.bombs COMMAND ${VETBOX_PYTHON3} -B ${archives}/bombs.py
           $<TARGET_FILE:vetbox> ${bombs})
  set_tests_properties(archives.bombs PROPERTIES FIXTURES_REQUIRED bombs TIMEOUT 60)
endif()
