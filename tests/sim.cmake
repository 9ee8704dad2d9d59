vb_unit_test(sim sim/test_sim.c LIBS vb_report vb_verdict vb_core)
