set(VB_WORLD_FILES
  world/dns.c
  world/names.c
  world/world.c)
