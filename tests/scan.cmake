vb_unit_test(scan unit/test_scan.c unit/scan_helper.c LIBS vb_scan vb_core)
vb_unit_test(layers unit/test_layers.c LIBS vb_scan vb_core)
vb_unit_test(textcheck unit/test_textcheck.c unit/scan_helper.c LIBS vb_scan vb_core)
vb_unit_test(rules unit/test_rules.c unit/scan_helper.c LIBS vb_scan vb_core)
