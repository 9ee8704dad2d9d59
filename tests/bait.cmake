vb_unit_test(bait unit/test_bait.c LIBS vb_sandbox)
