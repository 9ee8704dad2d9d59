vb_unit_test(store unit/test_store.c LIBS vb_store vb_core)
