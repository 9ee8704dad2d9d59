set(VB_WORLD_FILES
  world/null.c)
