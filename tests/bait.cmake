vb_unit_test(bait unit/test_bait.c LIBS vb_sandbox)
pkg_check_modules(BROTLI_ENCODER REQUIRED IMPORTED_TARGET libbrotlienc)
vb_unit_test(bait_match unit/test_bait_match.c unit/bait_encoders.c LIBS vb_sandbox PkgConfig::BROTLI_ENCODER)
