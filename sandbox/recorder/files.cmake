set(VB_RECORDER_FILES recorder/clock.c recorder/decode_file.c recorder/decode_kernel.c recorder/decode_net.c
  recorder/decode_probe.c recorder/decode_process.c recorder/decode_time.c recorder/emit.c recorder/exec_truth.c
  recorder/filter.c recorder/idle.c recorder/interpreter.c recorder/memory.c recorder/path.c recorder/process.c
  recorder/recorder.c recorder/rest.c recorder/script.c recorder/snapshot.c recorder/table.c recorder/walk.c)
