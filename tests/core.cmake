vb_unit_test(core unit/test_core.c LIBS vb_core)
vb_unit_test(event unit/test_event.c LIBS vb_core)
vb_unit_test(tree unit/test_tree.c LIBS vb_core)
vb_unit_test(courier_messages unit/test_courier_messages.c LIBS vb_core)
