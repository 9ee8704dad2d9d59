vb_unit_test(verdict unit/test_verdict.c LIBS vb_verdict vb_core)
vb_unit_test(behaviour unit/test_behaviour.c LIBS vb_verdict vb_core)
vb_unit_test(policy unit/test_policy.c LIBS vb_verdict vb_core)
vb_unit_test(yaml unit/test_yaml.c LIBS vb_core)
