set(VB_WORLD_FILES
  world/dns.c
  world/names.c
  world/respond.c
  world/world.c)
