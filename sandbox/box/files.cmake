set(VB_BOX_FILES
  box/age.c
  box/asked.c
  box/base.c
  box/busy.c
  box/carry.c
  box/catch.c
  box/cgroup.c
  box/child.c
  box/closure.c
  box/commands.c
  box/conclude.c
  box/confine.c
  box/courier_child.c
  box/demand.c
  box/driver_child.c
  box/driver_http.c
  box/etc.c
  box/filters.c
  box/hearsay.c
  box/hosts.c
  box/input.c
  box/inside.c
  box/inventory.c
  box/kernel.c
  box/known.c
  box/landlock.c
  box/layers.c
  box/machine.c
  box/machine_live.c
  box/another_system.c
  box/macos.c
  box/modules.c
  box/move.c
  box/net.c
  box/netlink.c
  box/output.c
  box/obstacle.c
  box/persona.c
  box/probes.c
  box/probe_net.c
  box/probe_space.c
  box/probe_clock.c
  box/probe_watch.c
  box/prompt.c
  box/relay.c
  box/root.c
  box/run.c
  box/sandbox.c
  box/served.c
  box/standins.c
  box/start.c
  box/subject.c
  box/supervisor.c
  box/trust.c
  box/truth.c
  box/used.c
  box/watch.c
  box/windows.c
  box/witness.c
  box/workspace.c
  box/world_child.c
  box/zygote.c)

# Documents that lie in the home of a box, behind a bar what they are called here if not the same:
# samples.inc has a row of home_samples for each. Maildir says the names of its messages.
set(VB_SAMPLES Documents/budget.xlsx Documents/invoice.pdf Documents/minutes.docx Music/memo.mp3
  Pictures/desk.jpg Pictures/whiteboard.png Mail/archive.mbox Downloads/release.eml
  Mail/inbox/cur/1772698361.M204817P3120.alex-thinkpad:2,S|release.eml
  Mail/inbox/cur/1772811603.M118202P3120.alex-thinkpad:2,RS|checkout.eml
  Mail/inbox/new/1773039612.M870035P3120.alex-thinkpad|hosting.eml)
set(samples "")
foreach(sample ${VB_SAMPLES})
  string(REGEX REPLACE ".*[|/]" "" name ${sample})
  string(REGEX REPLACE "[|].*" "" sample ${sample})
  set(file ${CMAKE_CURRENT_LIST_DIR}/samples/${name})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} bytes HEX)
  string(LENGTH "${bytes}" length)
  math(EXPR length "${length} / 2")
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
  string(APPEND samples "{\"${sample}\", \"${bytes}\", ${length}},\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/samples/samples.inc CONTENT "@samples@" @ONLY)

# What interpreters tell of themselves with: probes.inc has a row of texts for each, in this order.
set(texts "")
foreach(probe python.py node.js bash.sh sh.sh)
  set(file ${CMAKE_CURRENT_LIST_DIR}/probes/${probe})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
  string(APPEND texts "\"${bytes}\",\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/samples/probes.inc CONTENT "@texts@" @ONLY)
# What stands in for modules, what calls libraries, and what looks like Windows: a text for each
# language.
foreach(set module:modules library:../detonate/libraries windows:onwindows)
  string(REGEX REPLACE ":.*" "" kind ${set})
  string(REGEX REPLACE ".*:" "" folder ${set})
  get_filename_component(made ${folder} NAME)
  set(texts "")
  file(GLOB languages CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/${folder}/*)
  foreach(file ${languages})
    get_filename_component(name ${file} NAME_WE)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
    string(APPEND texts "static const char ${kind}_${name}[] = \"${bytes}\";\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/samples/${made}.inc CONTENT "@texts@" @ONLY)
endforeach()
