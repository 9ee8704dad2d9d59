# What `cmake --install` puts where. cli/CMakeLists.txt tells the program the same folders.
set(VETBOX_DATA_DIR ${CMAKE_INSTALL_DATADIR}/vetbox)

install(TARGETS vetbox RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS vetbox-reader RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/vetbox)
install(DIRECTORY rules DESTINATION ${VETBOX_DATA_DIR})
install(FILES packaging/apparmor/vetbox DESTINATION ${VETBOX_DATA_DIR}/apparmor)
install(FILES packaging/container/apparmor packaging/container/seccomp.json
        DESTINATION ${VETBOX_DATA_DIR}/container)
install(FILES docs/man/vetbox.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES docs/man/vetbox-events.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES LICENSE README.md docs/TRUST.md docs/events.md docs/findings.md docs/iocs.md docs/layers.md docs/network.md docs/text-model.md
              docs/containers.md docs/registry-signatures.md docs/trust-folder.md docs/world.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/schema DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES packaging/completions/vetbox.bash RENAME vetbox
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES packaging/completions/_vetbox
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES packaging/completions/vetbox.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
