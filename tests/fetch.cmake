vb_unit_test(fetch unit/test_fetch.c LIBS vb_fetch)
vb_unit_test(fetch_https unit/test_fetch_https.c LIBS vb_fetch)
vb_unit_test(courier unit/test_courier.c LIBS vb_fetch vb_core)
vb_unit_test(versions unit/test_versions.c LIBS vb_fetch vb_core)
