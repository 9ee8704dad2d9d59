set(VB_BAIT_FILES bait/bait.c bait/search.c bait/sqlite.c bait/sshkey.c bait/stream.c bait/template.c)
