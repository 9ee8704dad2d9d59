set(VB_DETONATE_FILES
  detonate/host.c
  detonate/interpreter.c
  detonate/plan.c)
