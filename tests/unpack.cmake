vb_unit_test(unpack unit/test_unpack.c unit/unpack_maker.c LIBS vb_unpack PkgConfig::ARCHIVE)
vb_unit_test(unpack_hostile unit/test_unpack_hostile.c unit/unpack_maker.c
  LIBS vb_unpack PkgConfig::ARCHIVE)
vb_unit_test(unpack_vectors unit/test_unpack_vectors.c unit/unpack_maker.c
  LIBS vb_unpack PkgConfig::ARCHIVE)
# Short, interrupted and slow reads are made by the test's own pread.
target_link_options(test_unpack PRIVATE -Wl,--wrap=pread)
