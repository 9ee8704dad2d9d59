set(VB_DETONATE_FILES
  detonate/interpreter.c
  detonate/plan.c)
