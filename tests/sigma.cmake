vb_unit_test(sigma unit/test_sigma.c unit/sigma_helper.c unit/sigma_plain.c LIBS vb_verdict vb_core)
vb_unit_test(sigma_vectors unit/test_sigma_vectors.c unit/sigma_helper.c unit/sigma_plain.c
  LIBS vb_verdict vb_core)
vb_unit_test(sigma_random unit/test_sigma_random.c unit/sigma_helper.c unit/sigma_plain.c
  LIBS vb_verdict vb_core)
vb_unit_test(sigma_views unit/test_sigma_views.c LIBS vb_verdict vb_core)
