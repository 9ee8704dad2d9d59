set(VB_BAIT_FILES bait/bait.c bait/decoders.c bait/digits.c bait/escapes.c bait/formed.c bait/forms.c bait/layer.c bait/marks.c
  bait/mnemonic.c bait/needles.c bait/outbound.c bait/packed.c bait/rows.c bait/rules.c bait/scan.c bait/sift.c bait/sqlite.c
  bait/sshkey.c bait/stream.c bait/template.c)
